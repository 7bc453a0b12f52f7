"""The popup of an activation, step by step, and the block that ends one: what a customer's people do."""

from __future__ import annotations

from ...core.messages import split_url
from ...runtime.verdicts import Finding
from .addresses import Addresses
from .findings import judged_message, told
from .records import CacheEntry, Customer, Popup, User

RIGHTS = ("all", "administrators")


class Popups(Addresses):
    """The popup, whose steps a person takes in the portal."""

    def open_popup(self, web_id: str, user_id: str, *, again: bool = False) -> Popup:
        """onoffice:popup.administrator. Open the popup of the inactive provider; raises `ValueError` for another user; A43.

        `again` opens it though the provider is active, as when two administrators had it open at once.
        """
        customer, user = self._person(web_id, user_id)
        if not user.administrator:
            raise ValueError("Only an administrator can activate a provider.")
        if customer.status == "active" and not again:
            raise ValueError("The provider is active.")
        popup = Popup(self.random(12).hex(), web_id, user_id)
        self.popups[popup.id] = popup
        return popup

    def confirm(self, popup: Popup, *, terms: bool, data_processing: bool) -> None:
        """onoffice:popup.terms. Take both consents and open the mask: the frame's URL is made now; A26."""
        if popup.step != "terms":
            raise ValueError("The popup is past this step.")
        if not terms or not data_processing:
            raise ValueError("Please confirm the terms and the agreement on data processing.")
        user = self.api_user(popup.web_id)
        number = self.random(16).hex()
        popup.cache_id = "-".join([number[:8], number[8:12], number[12:16], number[16:20], number[20:]])
        popup.token, popup.step = user.token, "mask"
        self.cache[popup.cache_id] = CacheEntry(
            popup.web_id, user.token, self.clock() + self.settings.cache_lifetime
        )
        popup.url = self.draft(popup).url()
        if self.account.single_webhook:
            self.choose(popup, "all")

    def choose(self, popup: Popup, rights: str) -> str:
        """onoffice:popup.user-right, onoffice:popup.key-shown. Choose who may use it; return the API key, valid from now on."""
        if popup.step == "terms" or rights not in RIGHTS:
            raise ValueError("Choose all users or all administrators, after the terms.")
        if self.account.single_webhook and rights != "all":
            raise ValueError("For one webhook there is no choice.")
        user = self.api_users[popup.token]
        user.state = "shown" if user.state == "prepared" else user.state
        popup.step = "key"
        self.customers[popup.web_id].rights = rights
        return user.key

    def receives(self, popup: Popup, text: object, *, origin: str, own_frame: bool = True) -> bool:
        """onoffice:popup.message-origin. Take a message from the popup's own frame and registered origin, no other; A25.

        What is shown is text; the status stays that of the API (A23).
        """
        expected = split_url(self.account.activation_url)[0]
        if not own_frame or origin != expected or not isinstance(text, str):
            return False
        popup.message = text[:500]
        active = self.customers[popup.web_id].status == "active"
        popup.warning = "" if (text == "active") == active else "The status of the provider did not change."
        if active and text != "active":
            popup.warning = "The provider is active, though it says something else."
        if popup.open_finding is not None and popup.fault is not None:
            self._settled(popup, judged_message(popup.fault, text, self.api_users[popup.token], self.clock()))
        return True

    def hears(self, popup: Popup, text: str) -> None:
        """onoffice:feedback.active. Take the message of an activation by hand, and judge it once, where no fault is judged by it.

        What the page shows and what the button is answered is not seen from here, so of that nothing is said.
        """
        user, again = self.api_users[popup.token], text == popup.message
        self.receives(popup, text, origin=split_url(self.account.activation_url)[0])
        if not again and popup.fault is None:
            self.findings += told(text, user)

    def _settled(self, popup: Popup, *findings: Finding) -> None:
        """Put findings in the place of the open one of a popup."""
        if popup.open_finding:
            self.findings.forget(popup.open_finding)
        self.findings += findings
        popup.open_finding = None

    def block(self, web_id: str) -> None:
        """onoffice:block.services, onoffice:block.api-user. Block the provider: its API user ends, and nobody tells it."""
        customer = self.customers[web_id]
        customer.status = "blocked"
        for user in [*self.api_users.values()]:
            if user.web_id == web_id and user.state == "active":
                user.state, user.blocked = "gone", True

    def _person(self, web_id: str, user_id: str) -> tuple[Customer, User]:
        try:
            customer = self.customers[web_id]
            return customer, customer.users[user_id]
        except KeyError:
            raise ValueError("There is no such user.") from None

"""Each platform's own words, with the clause that uses them; a test finds every word in its clause."""

from __future__ import annotations

from docs.text import clause, prose
from handshakes.platforms import PLATFORMS

WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "officernd": {
        "Connect URL": ("where the administrator's browser brings the code", "connect.popup"),
        "code": ("exchanged once for an access token", "connect.parameters"),
        "org_slug": ("the organisation's name in addresses; later requests call it `slug`", "connect.parameters"),
        "integrationId": ("which connection of the organisation it is", "connect.parameters"),
        "locations": ("which locations the customer chose; it may be empty", "connect.parameters"),
        "settings.secret": ("the integration's secret, which verifies all later requests", "secret.answer"),
        "return URL": ("where the browser is sent at the end", "return.redirect"),
        "accountName": ("how the health check names the customer's account", "healthcheck.success"),
        "Sync URL": ("called when a sync is started; a partner may have none", "application.details"),
        "integration.removed": ("the webhook's event when the customer disconnects", "webhook.event"),
    },
    "retailcrm": {
        "symbol code": ("the module's own name, on its card and in the API", "card.code"),
        "scopes": ("the rights that the module asks for", "config.answer"),
        "registerUrl": ("where the registration is sent", "config.answer"),
        "apiKey": ("the key of this account, sent with the registration", "register.contents"),
        "token": ("proves that the sender knows the secret of the card; it covers the API key", "register.contents"),
        "systemUrl": ("the address of the customer's account", "register.contents"),
        "edit": ("the call with which the module describes itself", "edit.call"),
        "clientId": ("chosen by the module; it opens the customer's account there", "edit.client-id"),
        "accountUrl": ("the customer's page in the module", "answer.account-url"),
        "freeze": ("a module that is paused", "activity.form"),
    },
    "onoffice": {
        "provider secret": ("verifies the URLs with which the platform calls", "secret.two"),
        "API key": ("signs calls to the API; the customer copies it by hand", "secret.two"),
        "apiToken": ("names the API user; it goes into calls, and signs nothing", "url.parameters"),
        "parameterCacheId": ("an opaque text that belongs to one activation", "unlock.parameter-cache-id"),
        "apiClaim": ("passed on to the API as `extendedclaim`", "unlock.claim"),
        "customerWebId": ("the customer's version", "url.parameters"),
        "unlockProvider": ("the call that activates the provider", "unlock.call"),
    },
    "fortis": {
        "location": ("a merchant's place of business, for which the app is registered", "location.register"),
        "postbacks": ("POST and DELETE to the app when a location or user comes or goes", "postback.optional"),
        "data": ("all launch parameters, encrypted", "encrypted.data"),
        "Salted__": ("eight bytes at the start of the encrypted value", "encrypted.format"),
        "hmac": ("the signature of a plain launch", "plain.parameters"),
        "access-token": ("with it the app asks who the user is", "identity.users-me"),
        "user_oauth_url": ("the API that the user's token is for", "encrypted.members"),
        "mode": ("whether launches are encrypted or plain", "launch.mode"),
    },
}  # fmt: skip


def sections() -> str:
    """Write each platform's words."""
    parts = []
    for platform, words in WORDS.items():
        title, partner = PLATFORMS[platform].title, PLATFORMS[platform].partner
        parts.append(f"### {title} {{ #{platform} }}\n\nThe partner is called *{partner}* here.")
        parts.append(
            "\n".join(
                f"- **{prose(word)}**: {prose(text)} {clause(f'{platform}:{id}', '')}"
                for word, (text, id) in words.items()
            )
        )
    return "\n\n".join(parts)

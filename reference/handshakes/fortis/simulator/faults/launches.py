"""Faults of a launch: what they are, and those of either mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ....runtime.verdicts import Expected, Fault, Refuses, Survives
from ..drafts import Draft
from ..records import CLAUSE

UNKNOWN_USER = "11e7a84525008da896ffffff"
"""A user id that no postback ever named."""


@dataclass(frozen=True, slots=True)
class LaunchFault(Fault):
    """A fault of a launch, in one mode or (`""`) in both. `token` says whose log-in token it carries.

    `token`: `own`, `another`, `expired`, `unknown`, or `none`. The address is opened `times` times. `foreign`
    is the kind of the foreign address that it names: without such an address the fault is not offered.
    """

    mode: str
    apply: Callable[[Draft], str]
    token: str = "own"
    times: int = 1
    foreign: str = ""


_MALFORMED = Refuses("malformed")
_OPENED = Survives("opened")
_ONLY = Survives("location-only")


def _both(
    name: str, clause: str, expected: Expected, what: str, apply: Callable[[Draft], str],
    whose: str = "own", times: int = 1, foreign: str = "",
) -> LaunchFault:  # fmt: skip
    return LaunchFault(name, CLAUSE + clause, expected, what, "", apply, whose, times, foreign)


def _hidden(draft: Draft, name: str, value: str) -> str:
    """Return an address in which a value is written as `value`, in either mode."""
    if draft.app.encrypt_url_params:
        return draft.of_text(draft.text(**{name: value}))
    return draft.plain(**{name: value})


def _oauth_url(name: str, clause: str, what: str, kind: str) -> LaunchFault:
    """Return the fault of a launch whose `user_oauth_url` is a foreign address of this kind."""
    return _both(
        name, clause, _OPENED, what, lambda d: d.url(user_oauth_url=d.settings.traps[kind]), foreign=kind
    )


COMMON_FAULTS: tuple[LaunchFault, ...] = (
    _both("short-location", "launch.location-id", _MALFORMED, "a location id of 8 characters, as in the page's sample",
          lambda d: d.url(location_id="zzzzzzzz")),
    _both("word-location", "launch.location-id", _MALFORMED, "a location id of letters that are not hex digits",
          lambda d: d.url(location_id="g" * 24)),
    _both("empty-contact", "launch.absent", _OPENED, "an empty text for what there is not",
          lambda d: _hidden(d, "contact_id", "")),
    _both("unfilled-token", "launch.absent", _ONLY, "the placeholder in place of the token",
          lambda d: _hidden(d, "access_token", "{{access-token}}")),
    _both("no-token", "identity.without-token", _ONLY, "no token: the user has none from logging in", lambda d: d.url(), "none"),
    _both("token-of-another", "identity.mismatch", Refuses("identity-mismatch"), "the token of another user", lambda d: d.url(), "another"),
    _both("token-expired", "token.expired", Refuses("platform-error"), "a token that has ended", lambda d: d.url(), "expired"),
    _both("token-unknown", "token.expired", Refuses("platform-error"), "a token that nobody was given", lambda d: d.url(), "unknown"),
    _both("replayed", "launch.once", Refuses("replayed"), "the same address twice, in two browsers", lambda d: d.url(), times=2),
    _oauth_url("foreign-oauth-url", "oauth.url", "user_oauth_url on a foreign host", "foreign"),
    _oauth_url("look-alike-oauth-url", "oauth.url", "user_oauth_url that begins like the API's host", "look-alike"),
    _oauth_url("private-oauth-url", "oauth.url", "user_oauth_url at an address that is not public", "private"),
    _oauth_url("http-oauth-url", "oauth.url-form", "user_oauth_url over plain http", "plain-http"),
    _oauth_url("port-oauth-url", "oauth.url-form", "user_oauth_url with another port", "port"),
    _both("user-info-oauth-url", "oauth.url-form", _OPENED, "user_oauth_url with user info",
          lambda d: d.url(user_oauth_url=d.settings.api_origin.replace("://", "://user@"))),
    _both("slash-oauth-url", "oauth.url-form", _OPENED, "user_oauth_url with a slash after it",
          lambda d: d.url(user_oauth_url=d.settings.api_origin + "/")),
    _both("v2-oauth-url", "oauth.url-form", _OPENED, "user_oauth_url with the path /v2",
          lambda d: d.url(user_oauth_url=d.settings.api_origin + "/v2")),
)  # fmt: skip

"""Every check of the platform on one app, in an order in which one broken rule shows as itself.

Location and users are registered, the app is opened, is sent each fault of its mode, and must end as the
fault declares. What an app believes of a session cannot be asked for by a message: where its operator
gives `signed_in` (who does this page say it is), that is judged too; with `oauth`, access without the user.
"""

from __future__ import annotations

from collections.abc import Callable

from ...core.messages import Response, Step
from ...runtime.verdicts import NO_ADDRESS, Finding, Outcome, Refuses, Survives
from .faults import OAUTH_FAULTS, POSTBACK_FAULTS, opening_faults
from .findings import is_open
from .platform import Fortis
from .records import CLAUSE

SignedIn = Callable[[Response], str]


def examine(
    platform: Fortis,
    title: str,
    location: str,
    user: str,
    short_user: str,
    *,
    signed_in: SignedIn | None = None,
    offers_oauth: Callable[[Response], bool] | None = None,
) -> Step[list[Finding]]:
    """Examine an app with one location and two users, one of whom has an id of seven digits; return the findings."""
    seen = platform.findings.seen
    mode = platform.apps[title].mode
    yield from platform.register(title, location)
    yield from platform.register(title, location, user)
    before = platform.findings.seen
    yield from claimed(platform, title, location, user)
    shut = [one for one in platform.findings.since(before) if one.held]
    first = yield from platform.launch(title, location, user)
    if not is_open(first.response):
        platform.findings.forget(*shut)  # who opens for nobody has shown nothing
        return platform.findings.since(seen)
    platform.implied("the first launch", "setup.iframe-url", "api.host", "token.not-deleted")
    if signed_in and first.response:
        held = signed_in(first.response) == user
        platform.found("identity.users-me", held, "the app has to say who is signed in")
    faults = sorted(opening_faults(mode), key=lambda fault: fault.clause.endswith(".coverage"))
    for fault in platform.tried(faults):
        if not platform.offers(fault):
            platform.findings.append(fault.unseen(NO_ADDRESS))
            continue
        mismatched = Finding(CLAUSE + "identity.mismatch", False, "token-of-another: 200")
        if fault.clause.endswith(".coverage") and mismatched in platform.findings.since(seen):
            continue  # an app that compares nothing was found already
        outcome = yield from platform.launch(title, location, user, fault=fault.name)
        if is_open(outcome.response) and not isinstance(fault.expected, Refuses):
            believed(platform, fault.name, outcome, user, fault.expected, signed_in)
            if fault.name.endswith("-oauth-url") and offers_oauth and outcome.response:
                offered(platform, fault.name, offers_oauth(outcome.response))
        elif isinstance(fault.expected, Refuses) and not is_open(outcome.response):
            yield from still_open(platform, location, user, fault.name)
    yield from platform.register(title, location, short_user)
    other = yield from quietly(platform, platform.launch(title, location, short_user))
    platform.found("launch.user-id", is_open(other.response), "a user id of seven digits")
    yield from reloaded(platform, title, location, user)
    yield from postbacks(platform, title, location, user)
    if offers_oauth:
        yield from platform.consent(title, location, user)
        for oauth_fault in platform.tried(OAUTH_FAULTS):
            if platform.offers(oauth_fault):
                yield from platform.consent(title, location, user, oauth_fault.name)
            else:
                platform.findings.append(oauth_fault.unseen(NO_ADDRESS))
    yield from removal(platform, title, location, user)
    return platform.findings.since(seen)


def quietly(platform: Fortis, step: Step[Outcome]) -> Step[Outcome]:
    """Take a step whose own findings do not count, since something else is judged by it."""
    before = platform.findings.seen
    outcome = yield from step
    platform.findings.forget(*platform.findings.since(before))
    return outcome


def claimed(platform: Fortis, title: str, location: str, user: str) -> Step[None]:
    """fortis:postback.claimed, fortis:launch.failure. Look at whether a claimed location counts, or counts after a refused launch."""

    def without_token() -> Step[Outcome]:
        return quietly(platform, platform.launch(title, location, user, fault="no-token"))

    if not platform.apps[title].carries("access-token"):
        return  # then no launch says more
    outcome = yield from without_token()
    shut = not is_open(outcome.response)
    platform.found("postback.claimed", shut, "without a token, a claimed location has to stay shut")
    if not shut:
        return
    refused = yield from quietly(platform, platform.launch(title, location, user, fault="token-of-another"))
    if is_open(refused.response):  # it will be found when that fault is judged
        return
    outcome = yield from without_token()
    platform.found("launch.failure", not is_open(outcome.response), "a refused launch has to confirm nothing")


def believed(
    platform: Fortis, name: str, outcome: Outcome, user: str, expected: Survives, signed_in: SignedIn | None
) -> None:
    """fortis:identity.without-token. Judge who the app takes the user for."""
    if signed_in is None or outcome.response is None:
        return
    who = signed_in(outcome.response)
    if expected.state == "opened":
        clause = "encrypted.alone" if name == "beside-data" else "identity.users-me"
        platform.found(clause, who == user, f"{name}: the app has to say who is signed in")
    else:
        read = name == "token-underscore" and platform.asked_at_last
        clause = "encrypted.names" if read else "identity.without-token"
        platform.found(clause, not who, f"{name}: the app has to say that nobody is")


def offered(platform: Fortis, name: str, offers: bool) -> None:
    """fortis:oauth.url, fortis:oauth.url-form. Judge whether the app offers OAuth at an address."""
    genuine = name in ("slash-oauth-url", "v2-oauth-url")
    form = genuine or name.startswith(("http-", "port-", "user-info-"))
    clause = "oauth.url-form" if form else "oauth.url"
    platform.found(clause, offers is genuine, f"{name}: {'offered' if offers else 'ignored'}")


def still_open(platform: Fortis, location: str, user: str, name: str) -> Step[None]:
    """fortis:launch.failure. Look at whether the session of the last good launch outlived a refused one."""
    page = yield from platform.revisit(location, user)
    platform.found("launch.failure", is_open(page), f"{name}: the earlier session has to go on")


def reloaded(platform: Fortis, title: str, location: str, user: str) -> Step[None]:
    """fortis:launch.once, fortis:token.not-stored. Look at the session's page again, when the launch is long over."""
    yield from platform.launch(title, location, user)
    page = yield from platform.revisit(location, user)
    platform.found("launch.once", is_open(page), "the session's page has to load again")


def postbacks(platform: Fortis, title: str, location: str, user: str) -> Step[None]:
    """Send each wrong postback, and look at what opens after it."""
    for fault in platform.tried(POSTBACK_FAULTS):
        named = user if fault.kind == "user" else ""
        yield from platform.unregister(title, location)
        yield from platform.register(title, location)
        yield from platform.register(title, location, user)
        yield from platform.launch(title, location, user)
        if not fault.before and not isinstance(fault.expected, Refuses):
            yield from platform.unregister(title, location, named)
        outcome = yield from platform.register(title, location, named, fault.name)
        if (
            not named
        ):  # with the location the platform removed its user, who is back without the app's knowledge
            yield from quietly(platform, platform.register(title, location, user, "postback-lost"))
        if isinstance(fault.expected, Refuses):
            page = yield from platform.revisit(location, user)
            rule = fault.clause.removeprefix(CLAUSE)
            platform.found(rule, is_open(page), f"{fault.name}: nothing may be removed")
            continue
        if fault.kind == "user":
            page = yield from platform.revisit(location, user)
            clause = "postback.query" if outcome.held else fault.clause.removeprefix(CLAUSE)
            platform.found(clause, not is_open(page), f"{fault.name}: the session before it has to be over")
        again = yield from quietly(platform, platform.launch(title, location, user))
        platform.found("postback.order", is_open(again.response), f"{fault.name}: a launch has to repair it")


def removal(platform: Fortis, title: str, location: str, user: str) -> Step[None]:
    """fortis:location.removes-users, fortis:launch.registered. Remove the location, and look at what is left of it."""
    yield from platform.register(title, location)
    yield from platform.register(title, location, user)
    yield from platform.launch(title, location, user)
    made_before = platform.launch(title, location, user, fault="no-token")
    yield from platform.unregister(title, location)
    page = yield from platform.revisit(location, user)
    outcome = yield from quietly(platform, made_before)
    users, alone = is_open(page), is_open(outcome.response)
    if users and alone:
        platform.found("postback.query", False, "the removal of a location is not understood")
        return
    platform.found("location.removes-users", not users, "a user of a removed location has to be shut out")
    platform.found("launch.registered", not alone, "without a token, a removed location has to stay shut")

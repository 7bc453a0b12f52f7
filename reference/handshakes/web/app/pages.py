"""The partner's app: each platform's handlers under one origin, with their pages in the app's layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.messages import Answer, Request, Response, Step
from ...platforms import PLATFORMS
from ...runtime.flow import Role
from .layout import STATIC, dressed, rendered, static


class PartnerApp:
    """A role in front of one platform's partner, or of several: their handlers answer, people see pages.

    `partners` are roles by the name of their platform, which is the first part of every path of theirs.
    """

    has_store = True

    def __init__(self, partners: Mapping[str, Role]) -> None:
        self.partners = dict(partners)
        self._only = next(iter(self.partners.values())) if len(self.partners) == 1 else None

    def __getattr__(self, name: str) -> Any:
        if self._only is None:
            raise AttributeError(name)
        return getattr(self._only, name)

    @property
    def name(self) -> str:
        """The name of the partner; of several, that of the app."""
        return self._only.name if self._only else "partner app"

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins of all partners."""
        return tuple(dict.fromkeys(origin for role in self.partners.values() for origin in role.origins))

    @property
    def secret_names(self) -> frozenset[str]:
        """The names of secrets of all partners."""
        return frozenset[str]().union(*(role.secret_names for role in self.partners.values()))

    def handle(self, request: Request) -> Step[Answer]:
        """Answer the front page and static files; whatever else is the platform's, whose pages are put into the layout."""
        if request.path == "/" or request.path.startswith(STATIC):
            return self._own(request)
        first = request.path.split("/")[1]
        platform = first if first in self.partners else next(iter(self.partners)) if self._only else ""
        if not platform:
            return dressed(Response(404, (("content-type", "text/plain"),), b""), request, "")
        partner = self.partners[platform]
        answer = yield from partner.handle(request)
        if not isinstance(answer, Response):
            return answer
        ancestors = getattr(partner, "frame_ancestors", lambda: "'none'")()
        lost = (
            answer.status == 403
            and request.path == getattr(partner, "home", "")
            and is_cookieless_frame(request)
        )
        return dressed(answer, request, PLATFORMS[platform].title, ancestors, lost=lost)

    def _own(self, request: Request) -> Response:
        if request.method != "GET":
            return Response(405, (("allow", "GET"),))
        if request.path != "/":
            return static(request.path.removeprefix(STATIC))
        homes = {PLATFORMS[name].title: getattr(role, "home", "") for name, role in self.partners.items()}
        return rendered("home.html", request, homes=homes, platform="")


def is_cookieless_frame(request: Request) -> bool:
    """Return whether a page is shown in a frame and the browser brought no cookie: it may be one that keeps none there.

    >>> is_cookieless_frame(Request("GET", "http://localhost:1", "/x", (("sec-fetch-dest", "iframe"),)))
    True
    """
    return request.header("sec-fetch-dest") == "iframe" and not request.header("cookie")

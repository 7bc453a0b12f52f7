"""From what a reader took out of a text to the request: its URL made whole, its body, and what is missing in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.cases import Found, Slips
from ..core.messages import Headers
from .heads import HEADER_LINE
from .recorded import Unreadable
from .structures import Spread
from .unwrapping import repaired


class Making:
    """What all readers of one platform's requests share: the headers that were given beside, and what was undone."""

    def __init__(self, platform: Slips, header: str, origins: Sequence[str] = ()) -> None:
        self.platform, self.origins = platform, origins
        self.undone: list[str] = []
        self.before: list[str] = []
        self.headers = self._given(header)

    def fits(self, url: str) -> bool:
        """Return whether a URL has a parameter by which a signed one is known."""
        names = "|".join(self.platform.QUERY)
        return bool(names) and re.search(rf"(?:^|[?&;])(?:{names})=", url, re.I) is not None

    def _given(self, header: str) -> Headers:
        if not header.strip():
            return ()
        named = HEADER_LINE.fullmatch(header.strip())
        if named and not named[2].startswith("//"):
            return ((named[1].lower(), named[2].strip()),)
        name = self.platform.HEADERS[0] if self.platform.HEADERS else "content-type"
        return ((name, header.strip()),)

    def _is_body(self, text: str) -> bool:
        begin = re.match(r"\s*(?:\{|\[\s*[\[{\"\]])", text.lstrip("\ufeff"))
        return bool(self.platform.BODY) and begin is not None

    def _made(
        self,
        took: str,
        url: str,
        method: str = "",
        headers: Headers = (),
        body: bytes = b"",
        beside: str = "the headers",
    ) -> Found:
        """Return the request with such a URL or body; raises `Unreadable` where it holds nothing that is signed."""
        every = (*self.headers, *headers)
        if not self.fits(url) and not body:
            for name, value in headers:
                if name in (
                    "referer",
                    "x-original-url",
                    "x-original-uri",
                    "x-forwarded-uri",
                    "location",
                ) and self.fits(value):
                    self.undone.append(f"the URL stood in the header {name}")
                    url = value
                    break
        if url:
            url = self._with_origin(repaired(url, self.fits, self.undone), dict(reversed(every)), beside)
        if not self.platform.BODY and body and not self.fits(url):
            url = self._posted(url, body)
        if not self.fits(url) and not (self.platform.BODY and body) and not self._unsigned(url):
            raise Unreadable(self._missing(took))
        return Found(url, method, every, body, took, tuple(dict.fromkeys(self.undone)))

    def _posted(self, url: str, body: bytes) -> str:
        """Return a URL with the form that was its body, where the platform signs URLs alone."""
        form = body.decode("utf-8", "replace").strip()
        if not self.fits(f"?{form}"):
            return url
        self.undone.append("the parameters were in the body")
        return f"{url}{'&' if '?' in url else '?'}{form}"

    def _unsigned(self, url: str) -> bool:
        """Return whether a URL is at least one that the platform could have signed."""
        return bool(self.platform.QUERY) and "?" in url and "=" in url

    def _missing(self, took: str) -> str:
        needed = [
            *(f"a parameter {name}" for name in self.platform.QUERY),
            *(["a body"] if self.platform.BODY else []),
        ]
        return f"This was read as {took}, but it holds neither {' nor '.join(needed)}."

    def _with_origin(self, url: str, headers: dict[str, str], beside: str) -> str:
        if url.startswith("/") and self.origins:
            if url.startswith("/?") and self.origins[0].count("/") > 2:
                self.undone.append("the address that you named was put in front of the query")
                return self.origins[0] + url[1:]
            origin = self.origins[0].rstrip("/")
            if origin.count("/") > 2:  # where the whole address was named, the path is its end
                origin = origin.removesuffix(url.partition("?")[0].rstrip("/"))
            self.undone.append(f"the address {origin}, which you named, was put in front")
            return origin + url
        host = headers.get(":authority") or headers.get("x-forwarded-host") or headers.get("host", "")
        if url.startswith("/") and re.fullmatch(r"[A-Za-z0-9.:\[\]_-]+", host):
            scheme = headers.get(":scheme") or headers.get("x-forwarded-proto") or "https"
            self.undone.append(f"the origin {scheme}://{host} was taken from {beside}")
            return f"{scheme}://{host}{url}"
        return url

    def _body(self, body: bytes, took: str) -> Found:
        if not self.platform.BODY:
            raise Unreadable(f"This was read as {took}, but this platform signs URLs. Paste the whole URL.")
        if self.platform.BODY == "json" and took != "a JSON body":
            raise nothing(body)
        wanted = self.platform.HEADERS
        if wanted and not any(name in wanted for name, _ in self.headers):
            raise Unreadable(
                f"This was read as {took}. A webhook also needs its signature: add --header '{wanted[0]}: …'."
            )
        return Found("", "", self.headers, body, took, tuple(dict.fromkeys(self.undone)))

    def _spread(self, took: str, one: Spread) -> Found:
        self.undone += filter(None, [one.undone])
        return self._made(took, one.url, "", one.headers(), beside="what stands beside it")

    def _signed(self, url: str, headers: Headers, body: str) -> int:
        """Return whether a request seems to be signed: 2 where its URL is surely one of the platform."""
        if re.search(getattr(self.platform, "LIKELY", "(?!)"), url):
            return 2
        named = {name for name, _ in headers} & set(self.platform.HEADERS)
        return (
            self.fits(url)
            or bool(named)
            or (bool(self.platform.BODY) and ("register" in body or '"hmac"' in body))
        )


def nothing(pasted: bytes) -> Unreadable:
    """Return what is said where no request was recognised."""
    return Unreadable(
        f"No request was recognised in {len(pasted)} byte{'s' * (len(pasted) != 1)}. Paste a URL, "
        "a curl command, a log line, a HAR file or a raw HTTP request."
    )

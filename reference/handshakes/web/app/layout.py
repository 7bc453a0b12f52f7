"""The layout of the app's pages: templates in `templates/`, one stylesheet in `static/`, nothing inline."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from ...core.messages import Headers, Request, Response, html_response
from ...runtime.pages import Parts, parts_of

if TYPE_CHECKING:
    from jinja2 import Environment

STATIC = "/app/"
"""Where the stylesheet and the icon are; `root` in a template leads there from wherever the page is."""
CSS = "text/css; charset=utf-8"
SHARED, OWN = __package__.rpartition(".")[0], __package__
THEMES = ("light", "dark")
FILES = {
    "tokens.css": (SHARED, CSS), "app.css": (OWN, CSS), "icon.svg": (OWN, "image/svg+xml"),
    "window.js": (OWN, "text/javascript; charset=utf-8"),
}  # fmt: skip
"""By name: the package that has the file, and its type. Colours and type are those of the marketplace."""
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
WORDS = tomllib.loads(files(OWN).joinpath("words.toml").read_text("utf-8"))
"""What the layout itself says, in the languages of the pages."""
TITLES = {404: "missing", 405: "method", 503: "busy"}


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(__package__, "templates"), autoescape=True, undefined=StrictUndefined
    )


def rendered(
    template: str, request: Request, *, status: int = 200, headers: Headers = (), ancestors: str = "'none'",
    lang: str = "en", **values: object,
) -> Response:  # fmt: skip
    """Return a page of one template, stored nowhere, and framed by nobody unless `ancestors` says who may."""
    text = _filled(template, request, lang=lang, **values)
    safe = (
        ("content-security-policy", POLICY + ancestors),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    )
    return html_response(text, status, (*safe, *headers))


def themed(answer: Response, theme: str) -> Response:
    r"""Return a page in the theme that was chosen on the marketplace page; a refusal, which is always the same, as it is.

    >>> themed(Response(200, (), b'<!doctype html>\n<html lang="de">'), "dark").body.splitlines()[1]
    b'<html lang="de" data-theme="dark">'
    """
    start = b'<!doctype html>\n<html lang="'
    if theme not in THEMES or answer.status >= 400 or not answer.body.startswith(start):
        return answer
    lang, mark, rest = answer.body.removeprefix(start).partition(b'">')
    return replace(answer, body=start + lang + f'" data-theme="{theme}'.encode() + mark + rest)


def _filled(template: str, request: Request, *, lang: str, **values: object) -> str:
    root = "../" * (request.path.count("/") - 1) or "./"
    framed = request.header("sec-fetch-dest") == "iframe"
    words = WORDS.get(lang, WORDS["en"])
    known = {"lang": lang, "root": root, "framed": framed, "words": words}
    return _templates().get_template(template).render(known | values)


def filled(template: str, request: Request, parts: Parts, **values: object) -> str:
    """Return a page of `runtime.pages` within a template."""
    from markupsafe import Markup

    said, main = Markup(parts.title), Markup(parts.main)  # noqa: S704  (`page` has escaped them)
    return _filled(template, request, lang=parts.lang, title=said, main=main, **values)


def static(name: str) -> Response:
    """Return a stylesheet or the icon; 404 for every other name.

    >>> static("app.css").header("content-type"), static("../layout.py").status
    ('text/css; charset=utf-8', 404)
    """
    if name not in FILES:
        return Response(404)
    package, kind = FILES[name]
    body = (files(package) / "static" / name).read_bytes()
    safe = (("cache-control", "no-cache"), ("x-content-type-options", "nosniff"))
    return Response(200, (("content-type", kind), *safe), body)


def dressed(
    response: Response, request: Request, title: str, ancestors: str = "'none'", *, lost: bool = False
) -> Response:
    """Return an answer of a handler as a person sees it: a page in this layout, and an error as a page.

    What a program asks for stays as it is: only a request that accepts HTML is a person's. Status, cookies and who
    may frame a page stay those of the handler; an error is framed by `ancestors`. With `lost` a page says that the
    browser may not have kept its cookie.
    """
    if parts := parts_of(response):
        return _in_layout(response, request, parts, title, lost)
    if response.status >= 400 and "text/html" in request.header("accept").lower():
        return _error(response, request, title, ancestors)
    return response


def _in_layout(response: Response, request: Request, parts: Parts, title: str, lost: bool) -> Response:
    text = filled("page.html", request, parts, platform=title, lost=lost)
    headers = tuple(
        (name, _policy(value) if name == "content-security-policy" else value)
        for name, value in response.headers
    )
    return Response(response.status, headers, text.encode())


def _policy(policy: str) -> str:
    """Return the policy of a page whose styles are in a file; forms go to the app alone, unless the page says otherwise."""
    policy = policy.replace("style-src 'unsafe-inline'", "style-src 'self'; img-src 'self'")
    return policy if "form-action" in policy else policy + "; form-action 'self'"


def _error(response: Response, request: Request, title: str, ancestors: str) -> Response:
    lang = "de" if request.header("accept-language").lower().startswith("de") else "en"
    words, known = WORDS[lang], TITLES.get(response.status)
    kept = tuple(pair for pair in response.headers if pair[0] in ("allow", "retry-after", "set-cookie"))
    again = words["again"].format(title=title) if title else ""
    return rendered(
        "error.html", request, status=response.status, headers=(("vary", "accept"), *kept), ancestors=ancestors, lang=lang,
        title=words[known or "refused"], said="" if known else _said(response), again=again, platform=title,
    )  # fmt: skip


def _said(response: Response) -> str:
    """Return what an answer for programs says: the message of its JSON, or its plain text.

    >>> _said(Response(401, (), b'{"message":"No."}')), _said(Response(503, (("content-type", "text/plain"),), b"Later."))
    ('No.', 'Later.')
    """
    try:
        found = json.loads(response.body)
        text = (found.get("message") or found.get("errorMsg")) if isinstance(found, Mapping) else ""
    except ValueError:
        plain = response.header("content-type").startswith("text/plain")
        text = response.body.decode("utf-8", "replace").strip() if plain else ""
    return text if isinstance(text, str) else ""

"""HTML pages: one plain layout, templates that escape, headers that keep a page to itself."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ..core.messages import Headers, Request, Response, html_response
from ..core.strict import URLENCODED
from .verdicts import Outcome

if TYPE_CHECKING:
    from jinja2 import Template

_LAYOUT = """<!doctype html>
<html lang="{{ lang }}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .6rem; vertical-align: top;
border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent) }
form, select { max-width: 100% } code { font-size: .9em; overflow-wrap: anywhere } form { display: inline-block; margin: .2rem .4rem .2rem 0 }
.held { color: light-dark(#116611, #77dd77) } .violated { color: light-dark(#aa1111, #ff8888) } .not-seen { color: light-dark(#555, #aaa) }
small { opacity: .75 }
</style>
<h1>{{ title }}</h1>
BODY
</html>
"""

_MACROS = """{% macro fault_choice(choices) %}<label>with <select name="fault"><option value="">no fault</option>
{% for fault in choices %}<option value="{{ fault.name }}">{{ fault.name }}: {{ fault.what }}; {{ "refused, " ~ fault.expected.reason if fault.expected.reason is defined else "survived" }}</option>{% endfor %}
</select></label>{% endmacro %}
{%- macro finding_items(findings) %}{% for f in findings %}
<li><code>{{ f.clause }}</code> <span class="{{ f.state | replace(' ', '-') }}">{{ f.state }}
</span> {{ f.detail }}</li>{% endfor %}{% endmacro %}
{%- macro finding_table(findings) %}<h2>Findings</h2>
<table><tr><th>clause</th><th>state</th><th>detail</th></tr>
{% for f in findings %}<tr><td><code>{{ f.clause }}</code></td>
<td class="{{ f.state | replace(' ', '-') }}">{{ f.state }}</td><td>{{ f.detail }}</td></tr>
{% else %}<tr><td colspan="3">none yet</td></tr>{% endfor %}</table>{% endmacro %}"""
"""What the simulators' pages have in common."""

_PARTS = re.compile(
    r'<!doctype html>\n<html lang="([a-z]+)">\n[^<]*(?:<meta[^<]*)+<title>([^<]*)</title>\n<style>[^<]*</style>\n'
    r"<h1>[^<]*</h1>\n(.*)\n</html>\n?",
    re.DOTALL,
)


class Parts(NamedTuple):
    """What a page of this module says: its language, its title as HTML, and its main part as HTML."""

    lang: str
    title: str
    main: str


@cache
def _template(body: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    return Environment(autoescape=True, undefined=StrictUndefined).from_string(
        _MACROS + _LAYOUT.replace("BODY", body)
    )


def page(
    title: str,
    body: str,
    *,
    status: int = 200,
    headers: Headers = (),
    frame_ancestors: str = "'none'",
    frames: str = "",
    lang: str = "en",
    more_policy: str = "",
    **values: object,
) -> Response:
    """Return a page: `body` is a Jinja2 template, whose values are escaped.

    It loads nothing, runs no script, sends no referrer to other sites, is not cached, and is embedded only by
    `frame_ancestors`. Frames in it may show what `frames` lists: origins, separated by blanks; `more_policy`
    allows what a page needs beyond that, as the content security policy writes it.

    >>> page("Hello", "<p>{{ name }}</p>", name="J&J <Ltd>").body.count(b"J&amp;J &lt;Ltd&gt;")
    1
    """
    text = _template(body).render(title=title, lang=lang, **values)
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors {frame_ancestors}"
    )
    policy += f"; frame-src {frames}" if frames else ""
    policy += f"; {more_policy}" if more_policy else ""
    # not `no-referrer`: then a browser posts a form with `Origin: null`, which looks like another site's
    safe = (
        ("content-security-policy", policy),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    )
    return html_response(text, status, (*safe, *headers))


_OUTCOME = """<p>The {{ who }} answered <b>{{ answered }}</b>.</p><ul>{{ finding_items(findings) }}</ul>
<p><a id="back" href="/simulator">Back to the list</a></p>"""
_UNREADABLE = """{% if name %}<p><b id="unknown">{{ name }}</b> is not offered here.</p>{% endif %}
<p>Use the buttons of the list.</p>"""


def script(text: str) -> Response:
    """Return a script that pages of the same origin load."""
    headers = (("content-type", "text/javascript; charset=utf-8"), ("cache-control", "no-store"))
    return Response(200, (*headers, ("x-content-type-options", "nosniff")), text.encode())


def outcome_page(title: str, who: str, outcome: Outcome) -> Response:
    """Return a simulator's page that says how the other side answered a step, and what was found of it."""
    answered = outcome.response.status if outcome.response else "nothing"
    return page(title.strip(), _OUTCOME, who=who, answered=answered, findings=outcome.findings)


def unreadable_page(error: Exception) -> Response:
    """Return the answer to a form that names what a simulator's list does not offer."""
    name = str(error.args[0]) if isinstance(error, KeyError) and error.args else ""
    return page("The form cannot be read", _UNREADABLE, status=400, name=name)


def parts_of(response: Response) -> Parts | None:
    """Return the parts of a page that `page` made, for whoever shows it in a layout of its own; else None.

    >>> parts_of(page("J&J", "<p>{{ name }}</p>", name="<b>"))
    Parts(lang='en', title='J&amp;J', main='<p>&lt;b&gt;</p>')
    >>> parts_of(Response(200, (), b"<h1>of another</h1>"))
    """
    found = _PARTS.fullmatch(response.body.decode("utf-8", "replace"))
    return Parts(*found.groups()) if found else None


def refused_form(request: Request) -> Response | None:
    """Return the refusal of a form that another site's page posted, a click that nobody made, or of what is no form; else None."""
    if any(origin != request.origin for origin in request.header_values("origin")):
        return page("Another site's form", "<p>Use the buttons of this page.</p>", status=403)
    if request.header("content-type").partition(";")[0].strip().lower() != URLENCODED:
        return page("Not a form", "<p>Use the buttons of this page.</p>", status=415)
    return None


def refused_step(request: Request, steps: Container[str]) -> Response | None:
    """Return the refusal of what is none of a simulator's steps, is not posted, or as `refused_form` says; else None."""
    if request.path.removeprefix("/simulator/") not in steps:
        return page("Not found", "<p>There is no such page.</p>", status=404)
    if request.method != "POST":
        return wrong_method("POST")
    return refused_form(request)


def wrong_method(allowed: str) -> Response:
    """Return a page with 405 and the method that is known."""
    return page("Method not allowed", "<p>Use the buttons.</p>", status=405, headers=(("allow", allowed),))

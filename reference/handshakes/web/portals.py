"""The simulators' own pages as the marketplace shows them: in the app's layout, with a word when their window closes."""

from __future__ import annotations

from html import escape

from ..core.messages import Request, Response
from ..core.refusals import Refused
from ..core.strict import form_pairs, no_duplicates
from ..runtime.pages import parts_of, refused_form
from .app.layout import filled, static
from .wire import Chapter, Wire

PORTAL = "/simulator"
LOOK = f"{PORTAL}/app/"
"""Where the stylesheets and the script of a dressed page are."""
WINDOW = f"{PORTAL}/window"
"""Where a page says that it was opened, and the second time that it was closed."""
MORE = {"style-src": "'self'", "img-src": "'self'", "script-src": "'self'", "connect-src": "'self'"}


def own(request: Request, wire: Wire) -> Response | None:
    """Return the answer to what only a dressed page asks for, else None."""
    if request.path.startswith(LOOK) and request.method == "GET":
        return static(request.path.removeprefix(LOOK))
    if request.path != WINDOW or request.method != "POST":
        return None
    if refusal := refused_form(request):
        return refusal
    try:
        fields = no_duplicates(form_pairs(request.body, request.header("content-type"), WINDOW), WINDOW)
    except Refused:
        fields = {}
    number, page = fields.get("try", ""), fields.get("page", "")
    if not number.isdecimal() or len(number) > 9 or not 0 < len(page) <= 40:
        return Response(400)
    wire.window(int(number), page)
    return Response(204)


def dressed(answer: Response, request: Request, platform: str, tried: Chapter | None = None) -> Response:
    """Return a page of the simulator in the layout, anything else as it is; `tried` is the chapter that it answers.

    A step's outcome has the step's name as its title, which is for tools: a person reads what was pressed.

    >>> from ..runtime.pages import page
    >>> b"<h1>Hello</h1>" in dressed(page("Hello", "<p>x</p>"), Request("GET", "http://a", "/"), "OfficeRnD").body
    True
    """
    parts = parts_of(answer)
    if parts is None:
        return answer
    step, fault = request.path.removeprefix(PORTAL + "/"), tried.fault if tried else None
    ended = parts.title == (f"{step} {fault.name}" if fault else step)
    if tried and ended:
        title = f"{tried.title}, with a fault: {fault.what}" if fault else tried.title
        parts = parts._replace(title=escape(title))
    known = {"platform": platform, "root": f"{PORTAL}/", "tried": tried, "ended": ended}
    text = filled("portal.html", request, parts, **known)
    policy = (
        dict(one.strip().partition(" ")[::2] for one in answer.header("content-security-policy").split(";"))
        | MORE
    )
    headers = tuple(
        (name, "; ".join(map(" ".join, policy.items())) if name == "content-security-policy" else value)
        for name, value in answer.headers
    )
    return Response(answer.status, headers, text.encode())

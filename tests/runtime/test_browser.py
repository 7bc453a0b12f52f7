"""The browser for drivers without one: what it sends, keeps and reads, by the rules of real ones."""

from __future__ import annotations

import pytest

from handshakes.core.messages import Request, Response, Unreachable, html_response, redirect
from handshakes.runtime.browser import Browser, Page
from handshakes.runtime.flow import InProcess

ONE = "https://one.example"
TWO = "https://two.example"


@pytest.fixture
def site(toy):
    """Return a function that makes two sites from tables of path and answer, and a network of them."""

    def make(one=(), two=()):
        def answers(table):
            def answer(request):
                found = dict(table).get(request.path, Response(404))
                return found(request) if callable(found) else found

            return answer

        roles = toy("one", ONE, answers(one)), toy("two", TWO, answers(two))
        return (*roles, InProcess(*roles))

    return make


def told(role) -> list[tuple[str, str, bytes]]:
    return [(request.method, request.target, request.body) for request in role.seen]


def page_of(html: str, url: str = ONE + "/dir/page?x=1") -> Page:
    """Return the page that a browser makes of some HTML."""
    step = Browser().open(url)
    next(step)
    try:
        step.send(html_response(html))
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the browser asked for more")


# --- redirects --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [(301, "GET", b""), (302, "GET", b""), (303, "GET", b""), (307, "POST", b"a=1"), (308, "POST", b"a=1")],
)
def test_after_a_form_a_redirect_becomes_a_get_or_keeps_what_was_sent(site, status, method, body):
    form = html_response("<form method=post action=/send><input name=a value=1></form>")
    one, _, net = site([("/", form), ("/send", redirect("/done", status)), ("/done", Response(200))])
    browser = Browser()
    page = net.run(browser.open(ONE + "/"))
    end = net.run(browser.submit(page, page.forms[0]))
    assert told(one) == [("GET", "/", b""), ("POST", "/send", b"a=1"), (method, "/done", body)]
    assert (end.url, end.response.status) == (ONE + "/done", 200)
    assert one.seen[1].header("content-type") == "application/x-www-form-urlencoded"
    assert one.seen[1].header("origin") == ONE
    kept = method == "POST"
    assert (one.seen[2].header("content-type") != "", one.seen[2].header("origin") != "") == (kept, kept)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        (TWO + "/x?y=%2c&z=,", TWO + "/x?y=%2c&z=,"),
        ("/x?y", ONE + "/x?y"),
        ("x", ONE + "/dir/x"),
        ("../x", ONE + "/x"),
        ("?y=2", ONE + "/dir/page?y=2"),
        ("//two.example/x", TWO + "/x"),
        ("/x?to=https://two.example/", ONE + "/x?to=https://two.example/"),
    ],
)
def test_a_location_is_resolved_and_its_target_kept(site, location, url):
    def moved_once(request):
        return redirect(location) if request.query == "x=1" else Response(200)

    rest = dict.fromkeys(("/x", "/dir/x"), Response(200)).items()
    _, _, net = site([("/dir/page", moved_once), *rest], rest)
    page = net.run(Browser().open(ONE + "/dir/page?x=1"))
    assert (page.url, page.response.status) == (url, 200)


@pytest.mark.parametrize(
    "answer", [Response(302), Response(304, (("location", "/x"),)), Response(200, (("location", "/x"),))]
)
def test_not_everything_with_a_location_or_a_three_is_a_redirect(site, answer):
    one, _, net = site([("/", answer)])
    assert net.run(Browser().open(ONE + "/")).response == answer
    assert len(one.seen) == 1


def test_a_loop_of_redirects_ends(site):
    one, two, net = site([("/", redirect(TWO + "/"))], [("/", redirect(ONE + "/"))])
    with pytest.raises(Unreachable, match="too-many-redirects"):
        net.run(Browser().open(ONE + "/"))
    assert 10 <= len(one.seen) + len(two.seen) <= 21


def test_a_site_that_cannot_be_reached_is_said_so(site):
    _, _, net = site()
    with pytest.raises(Unreachable, match="no-address"):
        net.run(Browser().open("https://nowhere.example/"))


# --- cookies ----------------------------------------------------------------------------------


def test_cookies_belong_to_the_origin_that_set_them(site):
    one, two, net = site(
        [
            (
                "/",
                Response(200, (("set-cookie", "a=1; Path=/; HttpOnly"), ("set-cookie", "b=x=y==; Secure"))),
            ),
            ("/x", Response(200)),
        ],
        [("/", Response(200, (("set-cookie", "c=3"),)))],
    )
    browser = Browser()
    for url in (ONE + "/", TWO + "/", ONE + "/x", TWO + "/"):
        net.run(browser.open(url))
    assert [request.header("cookie") for request in one.seen] == ["", "a=1; b=x=y=="]
    assert [request.header("cookie") for request in two.seen] == ["", "c=3"]


def test_another_browser_has_none_of_them(site):
    one, _, net = site([("/", Response(200, (("set-cookie", "a=1"),)))])
    net.run(Browser().open(ONE + "/"))
    net.run(Browser().open(ONE + "/"))
    assert [request.header_values("cookie") for request in one.seen] == [(), ()]


@pytest.mark.parametrize("attributes", ["; Max-Age=0", ";max-age=0; Path=/", "; Path=/; Max-Age = 0"])
def test_a_cookie_is_replaced_and_removed(site, attributes):
    answers = iter(["a=1; Max-Age=600", "a=2; Path=/", "a=" + attributes, "a=3"])
    one, _, net = site([("/", lambda request: Response(200, (("set-cookie", next(answers)),)))])
    browser = Browser()
    for _ in range(4):
        net.run(browser.open(ONE + "/"))
    assert [request.header("cookie") for request in one.seen] == ["", "a=1", "a=2", ""]


def test_a_short_life_is_not_the_end(site):
    one, _, net = site([("/", Response(200, (("set-cookie", "a=1; Max-Age=05"),)))])
    browser = Browser()
    for _ in range(2):
        net.run(browser.open(ONE + "/"))
    assert [request.header("cookie") for request in one.seen] == ["", "a=1"]


def test_a_cookie_of_a_redirect_goes_with_the_next_request(site):
    one, two, net = site(
        [("/", redirect(TWO + "/", headers=(("set-cookie", "a=1"),))), ("/back", Response(200))],
        [("/", redirect(ONE + "/back"))],
    )
    net.run(Browser().open(ONE + "/"))
    assert [request.header("cookie") for request in one.seen] == ["", "a=1"]
    assert [request.header("cookie") for request in two.seen] == [""]


# --- pages ------------------------------------------------------------------------------------

FORM = """<form id=first method=POST action="send?x=&quot;1&quot;">
  <input type=hidden name=token value="a&amp;b &lt;é&gt;"><input name=text><input name=empty value="">
  <input type=checkbox name=off value=1><input type=checkbox name=on value=1 checked>
  <input type=radio name=r value=1><input type=radio name=r value=2 checked><input type=radio name=r value=3>
  <input value="no name">
  <select name=s1><option value=1>One<option value=2 selected>Two<option value=3>Three</select>
  <select name=s2><option value=1>One</option><option value=2>Two</option></select>
  <button name=go value=1>Go</button>
</form>
<form id=second><input name=q value=1></form>"""


def test_a_form_sends_what_a_browser_would_send():
    page = page_of(FORM)
    first = page.form("first")
    assert (first.method, first.action) == ("POST", 'send?x="1"')
    assert first.fields == {
        "token": "a&b <é>",
        "text": "",
        "empty": "",
        "on": "1",
        "r": "2",
        "s1": "2",
        "s2": "1",
    }
    assert page.form("second").fields == {"q": "1"}
    assert page.form("second").method == "GET"


def test_a_form_that_is_not_there_is_an_error():
    with pytest.raises(LookupError, match="third"):
        page_of(FORM).form("third")


@pytest.mark.parametrize(
    ("html", "fields"),
    [
        ("<form><input type=checkbox name=a checked></form>", {"a": "on"}),
        ("<form><select name=a><option>One</option></select></form>", {"a": "One"}),
        ("<form><textarea name=a>text</textarea></form>", {"a": "text"}),
        ("<form></form><input name=outside value=1>", {}),
        ("<form><input type=submit name=go value=1><input name=a value=1></form>", {"a": "1"}),
        ("<form><input name=a value=1 disabled></form>", {}),
    ],
    ids=["bare checkbox", "option without a value", "textarea", "outside", "submit button", "disabled"],
)
def test_the_smaller_rules_of_forms(html, fields):
    """HTML's own rules for building the entries of a form; the first three are what pages use most."""
    assert page_of(html).forms[0].fields == fields


def test_fields_are_changed_added_and_sent_in_order(site):
    one, _, net = site([("/dir/send", Response(200))])
    page = page_of("<form method=post action=send><input name=a value=1><input name=b value=2></form>")
    net.run(Browser().submit(page, page.forms[0], {"a": "ü&", "c": "3"}))
    assert told(one) == [("POST", "/dir/send", b"a=%C3%BC%26&b=2&c=3")]


def test_a_get_form_replaces_the_query(site):
    one, _, net = site([("/dir/page", Response(200))])
    page = page_of("<form><input name=q value='a b'></form>")
    net.run(Browser().submit(page, page.forms[0]))
    assert told(one) == [("GET", "/dir/page?q=a+b", b"")]
    assert one.seen[0].header_values("origin") == ()


def test_frames_and_links(site):
    _, two, net = site([], [("/frame", html_response("<a id=up href='?y'>up</a>"))])
    page = page_of(
        f"<iframe src='{TWO}/frame?a=1&amp;b=2'></iframe><iframe src=other></iframe><a href=/x>x</a>"
    )
    assert page.frames == (TWO + "/frame?a=1&b=2", "other")
    assert page.links == (("", "/x"),)
    frame = net.run(Browser().load_frame(page))
    assert (frame.url, frame.links) == (TWO + "/frame?a=1&b=2", (("up", "?y"),))
    assert told(two) == [("GET", "/frame?a=1&b=2", b"")]
    assert next(Browser().load_frame(page, 1)) == Request("GET", ONE, "/dir/other")


def test_what_is_not_html_has_no_forms(site):
    _, _, net = site([("/", Response(200, (("content-type", "application/json"),), b"<form></form>"))])
    assert net.run(Browser().open(ONE + "/")).forms == ()


# --- messages between windows -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "arrives"),
    [
        (TWO, True),
        ("*", True),
        (ONE, False),
        ("https://two.example.evil.example", False),
        ("http://two.example", False),
        ("https://two.example:8443", False),
        ("", False),
    ],
)
def test_a_message_arrives_only_at_the_origin_it_is_meant_for(site, target, arrives):
    _, _, net = site()
    browser = Browser()
    sender, receiver = page_of("", ONE + "/frame?x"), page_of("", TWO + "/popup#y")
    assert browser.post_message(sender, receiver, "active", target, net.transcript) is arrives
    assert browser.messages == ([(ONE, TWO, "active")] if arrives else [])
    assert [(e.kind, e.sender, e.receiver, e.text) for e in net.transcript.events] == (
        [("message", ONE, TWO, "active")] if arrives else []
    )


def test_the_text_of_a_page_has_no_tags_and_no_references():
    html = "<title>A title</title><style>p {}</style><h1>M&uuml;ller</h1>\n<p>answered <b>204</b>.</p><script>x</script>"
    answer = Response(200, (("Content-Type", "text/html; charset=utf-8"),), html.encode())
    step = Browser().open("https://a.example/")
    next(step)
    with pytest.raises(StopIteration) as ended:
        step.send(answer)
    assert ended.value.value.text == "Müller answered 204."

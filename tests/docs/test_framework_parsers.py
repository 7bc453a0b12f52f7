"""The page on frameworks: what each framework makes of a query and of a body, as its table says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.docs.frameworks import FRAMEWORKS, PROBES, Served, begin_to_install, serving

PROBE_OF = {
    "python": PROBES / "parsers.py",
    "node": PROBES / "parsers.mjs",
    "php": PROBES / "parsers.php",
    "go": PROBES / "go" / "main.go",
}
"""What says what a framework of a language makes of a request."""
QUERY = (
    "slug=s&locations=&two=1&memberId=%20a%20&comma=%2c&tilde=%7E&two=2&plus=a+b&amp=%26&quote=|'%22&10=x&9=y"
    "&a.b=1&flag&signature=t%3D1"
)
"""Valid, and with one thing for each claim of the page."""
DECODED = [
    ("slug", "s"), ("locations", ""), ("two", "1"), ("memberId", " a "), ("comma", ","), ("tilde", "~"), ("two", "2"),
    ("plus", "a b"), ("amp", "&"), ("quote", "|'\""), ("10", "x"), ("9", "y"), ("a.b", "1"), ("flag", ""),
    ("signature", "t=1"),
]  # fmt: skip
FORM = b"a=1&b=%2c+x&a=2"
FORM_TYPE = (("content-type", "application/x-www-form-urlencoded"),)
PARTS = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
PARTS_TYPE = (("content-type", "multipart/form-data; boundary=x"),)
JSON_TYPE = (("content-type", "application/json"),)
EMPTY = {name for name, value in DECODED if value == ""}


@pytest.fixture(scope="module", autouse=True)
def installing() -> None:
    begin_to_install()


def pairs(value: object) -> list[tuple[str, object]]:
    """Return what a probe lists as pairs."""
    assert isinstance(value, list)
    return [(name, content) for name, content in value]


def grouped() -> list[tuple[str, str]]:
    """Return the pairs with the second of two equal names moved to the first."""
    names = list(dict.fromkeys(name for name, _ in DECODED))
    return sorted(DECODED, key=lambda pair: names.index(pair[0]))


def keeping(last: bool) -> list[tuple[str, str]]:
    """Return the pairs with one of two equal names, at the place of the first."""
    first: dict[str, str] = {}
    for name, value in DECODED:
        first.setdefault(name, value)
    return list((first | dict(DECODED) if last else first).items())


@pytest.fixture(scope="module")
def probes(tmp_path_factory) -> Iterator[Callable[[str], Served]]:
    """Start the probe of a framework when it is asked for, and keep it."""
    with ExitStack() as stack:
        started: dict[str, Served] = {}

        def probe(name: str) -> Served:
            if name not in started:
                framework = FRAMEWORKS[name]
                folder = tmp_path_factory.mktemp(f"probe-{name}")
                served = serving(framework, PROBE_OF[framework.language], folder, (name,))
                started[name] = stack.enter_context(served)
            return started[name]

        yield probe


PATHS = {"python": "/h", "node": "/app/h", "go": "/h"}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_what_the_page_calls_raw_is_the_query_as_it_was_sent(probes, name):
    path = PATHS.get(FRAMEWORKS[name].language, f"/{name}")
    seen = probes(name).seen(f"{path}?{QUERY}")
    assert str(seen["raw"]).removeprefix(f"{path}?") == QUERY
    if "target" in seen:
        assert seen["target"] == f"{path}?{QUERY}"


def test_starlette_has_a_raw_path_without_the_query_and_a_dict_of_the_last(probes):
    seen = probes("fastapi").seen(f"/h?{QUERY}")
    assert seen["raw_path"] == "/h"
    assert pairs(seen["items"]) == DECODED
    assert pairs(seen["dict"]) == keeping(last=True)
    assert "memberId=+a+" in str(seen["encoded"])


def test_starlette_has_no_body_after_the_form(probes):
    seen = probes("fastapi").seen("/h", FORM, FORM_TYPE)
    assert seen == {"form": {"a": "2", "b": ", x"}, "error": "Stream consumed"}


def test_flask_moves_equal_names_together_and_its_url_is_decoded(probes):
    seen = probes("flask").seen(f"/h?{QUERY}")
    assert seen["bytes"] == QUERY
    assert pairs(seen["items"]) == grouped() != DECODED
    assert pairs(seen["dict"]) == keeping(last=False)
    assert "tilde=~" in str(seen["url"]) and "comma=," in str(seen["url"])


def test_the_test_client_of_flask_leaves_a_query_string_out_of_the_target(probes):
    assert probes("flask").seen("/client") == {"raw": "a=1", "target": "/h"}


def test_flask_has_an_empty_body_after_the_form(probes):
    assert probes("flask").seen("/h", FORM, FORM_TYPE) == {"form": {"a": "1", "b": ", x"}, "after": ""}


def test_django_respells_the_full_path_and_keeps_the_last(probes):
    seen = probes("django").seen(f"/h?{QUERY}")
    assert seen["full_path"] == "/h?" + QUERY.replace("|", "%7C")
    assert str(seen["uri"]).endswith(str(seen["full_path"]))
    assert pairs(seen["items"]) == grouped() != DECODED
    assert pairs(seen["dict"]) == keeping(last=True)
    assert "memberId=+a+" in str(seen["encoded"])


def test_django_has_no_body_after_a_multipart_form(probes):
    seen = probes("django").seen("/h", PARTS, PARTS_TYPE)
    assert seen == {"form": {"a": "1"}, "error": "RawPostDataException"}
    assert probes("django").seen("/h", FORM, FORM_TYPE)["after"] == FORM.decode()


def test_django_answers_a_webhook_with_403_unless_its_view_is_exempt(probes):
    assert probes("django").ask("/checked", b"{}", JSON_TYPE)[0] == 403
    assert probes("django").ask("/h", b"{}", JSON_TYPE)[0] == 200


def test_aiohttp_decodes_its_query_string_all_but_what_would_cut_it(probes):
    seen = probes("aiohttp").seen(f"/h?{QUERY}")
    decoded = (
        QUERY.replace("%20", " ")
        .replace("%2c", ",")
        .replace("%7E", "~")
        .replace("a+b", "a b")
        .replace("%22", '"')
    )
    assert seen["query_string"] == decoded
    assert "amp=%26" in decoded and "t%3D1" in decoded
    assert pairs(seen["items"]) == DECODED


def test_aiohttp_has_an_empty_body_after_a_multipart_form(probes):
    assert probes("aiohttp").seen("/h", PARTS, PARTS_TYPE) == {"form": {"a": "1"}, "after": ""}


def test_sanic_drops_empty_values(probes):
    seen = probes("sanic").seen(f"/h?{QUERY}")
    assert pairs(seen["items"]) == [pair for pair in DECODED if pair[0] not in EMPTY]
    assert set(seen["args"]) == {name for name, _ in DECODED} - EMPTY
    assert pairs(seen["kept"]) == DECODED


def test_litestar_has_the_order_of_a_set_which_differs_from_process_to_process(tmp_path):
    orders, names = [], [name for name, _ in DECODED]
    for seed in "12":
        framework = FRAMEWORKS["litestar"]
        folder = tmp_path / seed
        folder.mkdir()
        with serving(
            framework, PROBE_OF["python"], folder, ("litestar",), {"PYTHONHASHSEED": seed}
        ) as served:
            seen = served.seen(f"/h?{QUERY}")
        orders.append(pairs(seen["items"]))
        assert pairs(seen["kept"]) == DECODED
        assert isinstance(seen["dict"], list) and seen["dict"] != list(dict.fromkeys(names))
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(DECODED)
    assert orders[0] != orders[1]
    assert DECODED not in orders


def test_litestar_has_no_body_after_a_multipart_form(probes):
    seen = probes("litestar").seen("/h", PARTS, PARTS_TYPE)
    assert seen == {"form": {"a": "1"}, "error": "500: stream consumed"}


NUMBERS_FIRST = [("9", "y"), ("10", "x")]


@pytest.mark.parametrize("name", ["express", "fastify", "hono"])
def test_an_object_of_javascript_has_number_names_first(probes, name):
    found = pairs(probes(name).seen(f"/app/h?{QUERY}")["query"])
    assert found[:2] == NUMBERS_FIRST
    two: object = "1" if name == "hono" else ["1", "2"]  # the first alone, or an array
    others = [(key, two if key == "two" else value) for key, value in keeping(last=True)]
    assert found[2:] == [pair for pair in others if pair[0] not in ("9", "10")]


def test_express_takes_off_the_path_of_a_router(probes):
    seen = probes("express").seen(f"/app/h?{QUERY}")
    assert (seen["raw"], seen["url"]) == (f"/app/h?{QUERY}", f"/h?{QUERY}")


def test_the_first_parser_of_express_that_takes_a_body_leaves_none_for_the_next(probes):
    body = b'{"a": 1.0}'
    assert probes("express").seen("/app/json-first", body, JSON_TYPE) == {"body": "value"}
    assert probes("express").seen("/app/raw-first", body, JSON_TYPE) == {
        "body": "bytes",
        "text": body.decode(),
    }


def test_fastify_goes_on_to_parse_json_beside_a_parser_for_everything(probes):
    body = b'{"a": 1.0}'
    assert probes("fastify").seen("/app/added", body, JSON_TYPE) == {"body": "value"}
    assert probes("fastify").seen("/app/alone", body, JSON_TYPE) == {"body": "bytes", "text": body.decode()}


def test_the_inject_of_fastify_respells_an_apostrophe_and_with_a_query_everything(probes):
    def raw(text: str, **more: object) -> str:
        options = json.dumps({"url": f"/app/h?{text}", **more}).encode()
        return str(probes("fastify").seen("/app/inject", options, JSON_TYPE)["raw"]).partition("?")[2]

    query = "a=x,y&b=x%20y&c&quote='"
    assert probes("fastify").seen(f"/app/h?{query}")["raw"] == f"/app/h?{query}", "a server leaves it alone"
    assert raw(query) == "a=x,y&b=x%20y&c&quote=%27"
    assert raw(query, query={"lang": "de"}) == "a=x%2Cy&b=x+y&c=&quote=%27&lang=de"


def test_the_url_of_hono_is_raw_or_respelled_depending_on_other_characters(probes):
    def url(query: str) -> str:
        request = f"/app/h?{query}", None, (("host", "partner.example"),)
        return str(probes("hono").seen(*request)["url"]).partition("?")[2]

    assert url("a=1&quote='") == "a=1&quote='"
    assert url("a=%7e&quote='") == "a=%7e&quote=%27"  # one escape anywhere is enough
    assert url('a=%7e&quote="') == "a=%7e&quote=%22"


def test_hono_keeps_the_last_of_a_form_and_joins_headers(probes):
    seen = probes("hono").seen("/app/form", FORM, (*FORM_TYPE, ("x-twice", "1"), ("x-twice", "2")))
    assert seen == {"form": [["a", "2"], ["b", ", x"]], "header": "1, 2"}


def test_php_keeps_the_last_and_renames(probes):
    seen = probes("php").seen(f"/php?{QUERY}")
    values = seen["get"]
    assert isinstance(values, dict) and isinstance(seen["names"], dict)
    assert list(seen["names"].values()) == [name.replace(".", "_") for name, _ in keeping(last=True)]
    assert values["two"] == "2" and values["a_b"] == "1" and "a.b" not in values


def test_php_has_no_raw_body_for_a_multipart_form_unless_it_is_told_not_to_read_it(probes, tmp_path):
    assert probes("php").seen("/php", PARTS, PARTS_TYPE)["input"] == ""
    assert probes("php").seen("/php", FORM, FORM_TYPE)["input"] == FORM.decode()
    options = {"PHP_INI_SCAN_DIR": str(tmp_path)}
    (tmp_path / "own.ini").write_text("enable_post_data_reading=0\n", "utf-8")
    with serving(FRAMEWORKS["php"], PROBE_OF["php"], tmp_path, (), options) as served:
        assert served.seen("/php", PARTS, PARTS_TYPE)["input"] == PARTS.decode()


def test_the_query_string_of_symfony_is_sorted_respelled_and_lacks_the_first_of_two(probes):
    seen = probes("symfony").seen(f"/symfony?{QUERY}")
    found = str(seen["query_string"])
    assert found != QUERY and str(seen["uri"]).endswith(f"?{found}")
    names = [piece.partition("=")[0] for piece in found.split("&")]
    assert names == ["9", "10", *sorted({name for name, _ in DECODED} - {"9", "10"})]
    assert "two=2" in found and "two=1" not in found
    assert "tilde=~" in found and "comma=%2C" in found and "plus=a%20b" in found and "flag=" in found


def test_gos_values_have_no_order_and_lack_what_holds_a_semicolon(probes):
    seen = probes("net-http").seen(f"/h?{QUERY}&x;y=2")
    assert isinstance(seen["query"], dict)
    assert set(seen["query"]) == {name for name, _ in DECODED}
    assert str(seen["raw"]).endswith("&x;y=2") and seen["form_failed"] is True
    names = [piece.partition("=")[0] for piece in str(seen["encoded"]).split("&")]
    assert names == sorted(name for name, _ in DECODED)


def test_gos_form_reads_the_body_and_its_headers_give_the_first(probes):
    seen = probes("net-http").seen("/h", FORM, (*FORM_TYPE, ("x-twice", "1"), ("x-twice", "2")))
    assert seen["form"] == {"a": ["1", "2"], "b": [", x"]}
    assert (seen["body_after_form"], seen["header"]) == ("", "1")

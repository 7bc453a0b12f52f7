"""Allow-lists of origins: what a request brought is contacted only when the list names it exactly."""

from __future__ import annotations

import pytest

from handshakes import Refused
from handshakes.core.origins import allowed_origin

ALLOWED = ("https://app.officernd.com", "https://*.officernd.com", "http://127.0.0.1:3000")
CLAUSE = "officernd:organization.region"


@pytest.mark.parametrize(
    "url",
    [
        "https://app.officernd.com",
        "https://eu.officernd.com/",
        "HTTPS://EU-2.officernd.com",
        "http://127.0.0.1:3000",
    ],
)
def test_what_the_list_names_is_allowed(url):
    assert allowed_origin(url, ALLOWED, CLAUSE) == url.lower().rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "https://evilofficernd.com",
        "https://officernd.com",
        "https://a.b.officernd.com",
        "https://officernd.com.attacker.example",
        "http://eu.officernd.com",
        "http://app.officernd.com",
        "https://eu.officernd.com:8443",
        "https://eu.officernd.com:443",
        "http://127.0.0.1:3001",
        "http://127.0.0.1",
    ],
)
def test_what_the_list_does_not_name_is_not_allowed(url):
    with pytest.raises(Refused) as caught:
        allowed_origin(url, ALLOWED, CLAUSE)
    assert caught.value.reason == "not-allowed"


@pytest.mark.parametrize(
    "url",
    [
        "https://eu.officernd.com@evil.example",
        "https://evil.example/.officernd.com",
        "https://evil.example#.officernd.com",
        "https://evil.example\\.officernd.com",
        "https://.officernd.com",
        "https://eu..officernd.com",
        "https://-eu.officernd.com",
        "https://eu-.officernd.com",
        "https://eu.-officernd.com",
        "https://eu.officernd.com:",
        "https://eu.officernd.com?",
        "https://éu.officernd.com",
        "https://eu.officernd.com\n",
        "//eu.officernd.com",
        "",
    ],
)
def test_what_two_readers_may_read_differently_is_malformed(url):
    with pytest.raises(Refused) as caught:
        allowed_origin(url, ALLOWED, CLAUSE)
    assert (caught.value.reason, caught.value.clause) == ("malformed", CLAUSE)


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("http://*.box.example", "http://a.box.example"),
        ("https://*.box.example:8443", "https://a.box.example:8443"),
        ("https://*.*.example", "https://a.box.example"),
        ("https://a.*.example", "https://a.box.example"),
        ("https://*", "https://localhost"),
        ("https://A.box.example", "https://a.box.example"),
        ("https://a.box.example/", "https://a.box.example/"),
    ],
)
def test_a_star_stands_for_the_first_label_by_https_without_a_port_and_nowhere_else(entry, url):
    with pytest.raises(Refused) as caught:
        allowed_origin(url, [entry], CLAUSE)
    assert caught.value.reason == "not-allowed"

"""The page of reasons: what it says of logs is what the register advises, and what a refusal shows by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs.text import prose

from handshakes import fortis, officernd, onoffice, retailcrm
from handshakes.core.refusals import Refused
from handshakes.platforms import PLATFORMS
from handshakes.spec import register

PAGE = Path("docs/reasons.md").read_text("utf-8").partition("{ #log }")[2].partition("<!--")[0]
ROWS = {
    cells[1]: cells[2:4] for line in PAGE.splitlines()[2:] if len(cells := re.split(r"\s*\|\s*", line)) == 5
}
SECRET, PRIVATE = "a-secret-of-nobody", "4711-of-a-customer"
WRONG = "0" * 64
NOW = 1_648_190_384
LOCATION = "11ea858313aabde4bd2eb0fa"
ASKED = {
    "officernd": lambda: officernd.verify_query(
        f"/h?slug={PRIVATE}&signature=t%3D{NOW}%2Csignature%3D{WRONG}", secret=SECRET, now=NOW
    ),
    "retailcrm": lambda: retailcrm.verify_registration(
        f"register=%7B%22apiKey%22%3A%22{PRIVATE}%22%2C%22systemUrl%22%3A%22https%3A%2F%2Fdemo.simla.com%22%2C%22token%22%3A%22{WRONG}%22%7D".encode(),
        secret=SECRET,
    ),
    "onoffice": lambda: onoffice.verify_url(
        f"https://p.example/a?customerName={PRIVATE}&timestamp={NOW}&signature={WRONG}", secret=SECRET, now=NOW
    ),
    "fortis": lambda: fortis.verify_launch(
        f"/?location_id={LOCATION}&timestamp={NOW}&hmac={WRONG}&user_id={PRIVATE}", mode="plain", secret=SECRET, now=NOW
    ),
}  # fmt: skip


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_refusal_is_logged_as_a_line_without_a_secret_a_signature_or_what_was_said_of_a_customer(platform):
    with pytest.raises(Refused) as caught:
        ASKED[platform]()
    line = str(caught.value)
    assert line.startswith("signature-mismatch (") and "\n" not in line
    assert not any(private in line for private in (SECRET, PRIVATE, WRONG, "http"))
    assert SECRET not in caught.value.explain()


def test_explain_may_show_a_customer_and_the_signature_that_came():
    with pytest.raises(Refused) as caught:
        ASKED["officernd"]()
    assert PRIVATE in caught.value.explain() and WRONG in caught.value.explain()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_parameter_that_is_kept_out_of_logs_is_named_by_the_advice_behind_it(platform):
    never, seen = ROWS[re.sub(r" (\(.*\)|enterprise)$", "", PLATFORMS[platform].title)]
    texts = {one.id: one.text for one in register.load(platform).clauses} | {
        one.id: one.text for one in register.load(platform).advice
    }
    (linked,) = re.findall(r"#([a-z.-]+)\)", never)
    for name in re.findall("`([^`]+)`", never):
        assert name in texts[f"{platform}:{linked}"]
    (answer,) = re.findall(r"#([a-z.-]+)\)", seen)
    assert re.search("same|uniform|alike|one status", prose(texts[f"{platform}:{answer}"]))

"""What a cure says is true where it is followed, a mistake is one true sentence, and it is plain who has to do it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from docs.searching import FUNCTION_WORDS

from handshakes.explain import explain, key_forms, macs, parameters, texts
from handshakes.explain.entries import described, slips
from handshakes.explain.telling import sentence, told
from handshakes.onoffice.slips import queries

from .rows import run

NOW, SECRET = 1_700_000_000, "s-3-c-r-3-t"
GO = """\
package main

import ("bytes"; "crypto/hmac"; "crypto/sha256"; "encoding/json"; "fmt"; "os")

func main() {
    text := map[string]string{"slug": "J&J <Ltd>"}
    plain, _ := json.Marshal(text)
    var out bytes.Buffer
    encoder := json.NewEncoder(&out)
    encoder.SetEscapeHTML(false)
    encoder.Encode(text)
    b := out.Bytes()
    for _, one := range [][]byte{plain, b, CURE} {
        mac := hmac.New(sha256.New, []byte(os.Args[1]))
        fmt.Fprintf(mac, "%s.%s", one, os.Args[2])
        fmt.Printf("%x\\n", mac.Sum(nil))
    }
}
"""


def officernd(digest: str):
    target = f"/h?slug={quote('J&J <Ltd>')}&signature=t%3D{NOW}%2Csignature%3D{digest}"
    return explain("officernd", target, secret=SECRET, now=NOW)


def test_what_is_done_about_the_json_of_go_verifies_and_without_its_last_step_it_does_not(tmp_path: Path):
    cut = re.search(r"bytes\.\w+\(.*\)", slips()["json-go"].cure)
    assert cut and "SetEscapeHTML(false)" in slips()["json-go"].cure
    (tmp_path / "signed.go").write_text(GO.replace("CURE", cut[0]))
    made = run("go", "run", str(tmp_path / "signed.go"), SECRET, str(NOW)).decode().split()
    plain, encoded, cured = map(officernd, made)
    assert plain.explanations[0][0].id == "json-go"
    assert (encoded.verdict, encoded.explanations[0][0].id) == ("refused", "text-line-end")
    assert cured.verdict == "verified"


def test_both_values_of_a_name_that_occurs_twice_are_said_and_which_of_them_fits():
    base = "https://provider.example/a"
    signed = run(
        "openssl",
        "dgst",
        "-sha256",
        "-hmac",
        SECRET,
        "-r",
        given=f"{base}?customerWebId=4711&timestamp={NOW}",
    )
    url = (
        f"{base}?timestamp={NOW}&customerWebId=4711&customerWebId=4712&signature={signed.decode().split()[0]}"
    )
    answer = explain("onoffice", url, secret=SECRET, now=NOW)
    said = "  The parameter customerWebId occurs twice, as 4711 and 4712: the signature fits with the first."
    assert said in [*told(answer, NOW)]


@pytest.mark.parametrize("values", [("0123456789abcdef", "1"), ("4711", "4711")])
def test_a_value_that_is_long_or_is_the_same_twice_is_not_said(values):
    pairs = tuple(("customerWebId", value) for value in values)
    found = [change for id, _, change, _ in parameters.added(pairs, ()) if id == "parameter-doubled"]
    assert found[0] == "The parameter customerWebId occurs twice: the signature fits with the first."
    secret = (("apiToken", "abc"), ("apiToken", "abd"))
    assert not any("abc" in change for _, _, change, _ in parameters.added(secret, ()))


TABLES = [
    *key_forms.FORMS,
    *texts._TEXT,
    *((*row[:2], *row[3:]) for row in parameters._CHANGES),
    *queries._ORDERS,
]
ROWS = [(id, change) for id, _, change, _ in TABLES] + [
    (mac.ids[0], mac.changes[0]) for mac, _ in macs.MACS if len(mac.ids) == 1
]
AGAINST = {
    "in front": "after it|ended with|behind it",
    "(?:in )?(?:typographic|backticks|a semicolon|a comma).*": "double quotes",
    "MD5|SHA-1|SHA-512|with 512 bits": "SHA-256|SHA3-256",
    "without regard to case": "by value",
    "single quotes|no more than quotes": "JSON",
    "read as .*": "Latin-1|twice",
    "undone|unescaped": "was read|were signed escaped",
    "without them": "taken as part",
}  # fmt: skip
"""What is said of one request, and a sentence that it would make untrue."""


@pytest.mark.parametrize(("id", "change"), dict.fromkeys(ROWS))
def test_what_is_said_of_a_mistake_in_this_request_fits_its_sentence(id, change):
    says = slips()[id].says
    assert not any(re.fullmatch(one, change) and re.search(other, says) for one, other in AGAINST.items())
    whole = sentence(says, change)
    assert not re.search(r"\. \(|\.\.", whole)
    assert whole.endswith((".", "`"))


def test_a_sentence_of_its_own_stands_in_the_place_of_the_general_one():
    base, names = "https://provider.example/a", ("Zeta", "alpha", "timestamp")
    pairs = "&".join(f"{name}={NOW if name == 'timestamp' else 1}" for name in sorted(names, key=str.lower))
    signed = run(
        "openssl",
        "dgst",
        "-sha256",
        "-hmac",
        SECRET + ";",
        "-r",
        given=f"{base}?Zeta=1&alpha=1&timestamp={NOW}",
    )
    answer = explain(
        "onoffice",
        f"{base}?{pairs}&signature={signed.decode().split()[0]}",
        secret=SECRET,
        now=NOW,
        deep=True,
    )
    part = answer.explanations[0][0].parts[0]
    assert (part.id, part.says, part.change) == (
        "key-quoted",
        "The key was the secret with a semicolon behind it.",
        "",
    )


@pytest.mark.parametrize(("now", "reason"), [(NOW + 900, "stale"), (NOW - 900, "from-the-future")])
def test_that_the_signature_is_right_is_said_once(now, reason):
    signed = (
        run("openssl", "dgst", "-sha256", "-hmac", SECRET, "-r", given=f'{{"slug":"s"}}.{NOW}')
        .decode()
        .split()[0]
    )
    url = f"/h?slug=s&signature=t%3D{NOW}%2Csignature%3D{signed}"
    answer = explain("officernd", url, secret=SECRET, now=now)
    assert answer.reason == reason
    assert "\n".join(told(answer, now)).count("signature itself is right") == 1


def test_it_is_said_who_mends_what_happens_on_the_way():
    who = r"(?:Sender|Receiver|Both sides|Sender and receiver|Whoever \w+(?: it)?): "
    unclear = [
        slip.id for slip in slips().values() if slip.stage == "carrier" and not re.match(who, slip.cure)
    ]
    assert unclear == []
    assert "at the side that made the signature" in "\n".join(described("json-go"))
    assert "at the side" not in "\n".join(described("plus-as-blank"))


@pytest.mark.parametrize("asked", ["blanks instead of plus", "plus arrives as blank"])
def test_a_plus_sign_that_becomes_a_blank_is_found_before_the_opposite(asked):
    def words(id: str) -> set[str]:
        slip = slips()[id]
        return set(re.findall(r"\w+", f"{id} {slip.says} {slip.cure}".lower()))

    wanted = set(asked.split()) - set(FUNCTION_WORDS.split())
    assert wanted <= words("plus-as-blank")
    assert not wanted <= words("blank-as-plus")

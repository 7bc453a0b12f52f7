"""What PHP makes of inputs that nobody reported: whatever is taken here, PHP reads alike; whatever it reads otherwise is refused."""

from __future__ import annotations

import json
import subprocess
from urllib.parse import quote

import pytest

from handshakes.core.refusals import Refused
from handshakes.fortis.rules import launch
from handshakes.onoffice import readings
from handshakes.onoffice.signing import api_hmac, string_to_sign
from handshakes.retailcrm import rules
from tests.oracles import tool

HOSTS = [
    *("https://provider.example", "https://provider.example:00080", "https://provider.example:65535", "https://provider.example:65536"),
    *("https://provider.example:000080", "https://provider.example:", "https://provider.example:0", "https://u:p@provider.example"),
    *("https://u:p:q@provider.example:81", "https://u@v@provider.example", "https://[::1]:8443", "https://a_b.example"),
    *("HTTPS://Provider.Example", "https://provider.example.", "https://-a.example", "https://provider.example:80:90"),
    *(r"https://h\@x.example", "https://1.2.3.4", "https://@provider.example", "https://:@provider.example", "https://.example"),
    *("https://provider..example", "https://a%41.example", "https://[fe80::1%25eth0]", "https://provider.example:+80", "https:/provider.example"),
    *("//provider.example", "https://", "https://[::1", "http://0", "https://0x7f.1", "https://provider.example:8 0"),
]  # fmt: skip
PATHS = [
    "/p",
    "//p//",
    "/p%2Fq;x=1/",
    "/a:80/b",
    "/p:80",
    "/",
    "/@u/p",
    "/p/..%2F./",
    "/p|q^r`{}",
    "/p\"<>'",
    "",
]
QUERIES = [
    *("a=1", "", "a=1?b=2", "a==b", "&&a=1&", "=x&a=1", "a=%00", "a]=1", "a%3Db=1", "a=1;b=2", "A=1&a=2&_=3", "a=%7E~*%2A-_.!()'"),
    *("a=%F0%9F%98%80", "a=+%20+", "a%2Bb=1", "a=1&signature=00", "a=1&Signature=00", "a%26b=1", "%61=1", "a=%0A%0D", "a=1#b=2"),
    *("a=#?b=1", "a=%c3%bc", "a=@:/?", "a1=2&a10=3&a2=4", "%C3%A4=1&z=2&%C3%84=3", "a=%E2%80%A8", "a!=1&a*=2&a~=3", "--=1"),
    *("a%20=1", "a%2E=1", "%20a=1", "1a=2&a1=3", "0x1=2", "1_=1", "-a=1&+a=1", "a=1&a%00=2", "%00a=1", "a%09=1", "a%7F=1", "a%C2%A0=1"),
    *("a=%EF%BF%BF", "a=%ED%A0%80", "a=%FF", "e1=1&1e=2", "Inf=1&NaN=2&nan=3&a=4", ".5=1", "5.=1", "a.b=1", "1%0A=2", "%0B1=2"),
    *("a%5B=1", "a%5Bb=1", "a%5Bb%5D=1", "%5Ba=1", "1e1=a&9=b", "+1=a", "1%20=a&0=b", "%31=a&a=b", "a=1&%61=2"),
]  # fmt: skip
URLS = [
    *(host + path + "?a=1&B=2" for host in HOSTS for path in ("/p", "")),
    *(HOSTS[0] + path + "?a=1" for path in PATHS),
    *(f"{HOSTS[0]}/p?{query}" for query in QUERIES),
]
OFFICIAL = """
while (($line = fgets(STDIN)) !== false) {
    $parts = @parse_url(json_decode($line, true));
    if (!is_array($parts) || !isset($parts['scheme'], $parts['host'])) { echo "null\\n"; continue; }
    parse_str($parts['query'] ?? '', $values);
    unset($values['signature']);
    ksort($values);
    $base = $parts['scheme'] . '://' . $parts['host'] . ($parts['path'] ?? '');
    echo json_encode($base . '?' . http_build_query($values), JSON_INVALID_UTF8_SUBSTITUTE), "\\n";
}"""
"""The steps of the official verifier with PHP's own functions (facts 2.1)."""
VERSION_1 = """
while (($line = fgets(STDIN)) !== false) {
    $parameters = json_decode($line, true);
    if (!is_array($parameters)) { echo "null\\n"; continue; }
    ksort($parameters);
    $inner = implode(',', [json_encode($parameters), 't', 'act', 'id', 'rid', 'key', '1', 'typ']);
    echo json_encode(md5('key' . md5($inner))), "\\n";
}"""
FIELDS = """
while (($line = fgets(STDIN)) !== false) {
    parse_str(json_decode($line, true), $values);
    echo json_encode($values['register'] ?? null, JSON_INVALID_UTF8_SUBSTITUTE), "\\n";
}"""


def by_php(program: str, cases: list) -> list:
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([tool("php"), "-r", program], input=lines.encode(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def or_refused(read, *given, **named):
    try:
        return read(*given, **named)
    except Refused:
        return None


def test_every_url_that_is_taken_is_signed_as_php_signs_it():
    taken = 0
    for url, php in zip(URLS, by_php(OFFICIAL, URLS), strict=True):
        ours = or_refused(string_to_sign, url)
        assert ours in (None, php), url
        taken += ours is not None
    assert taken > len(URLS) / 3


PARAMETERS = [
    {"a": {"1": "x", "0": "y"}}, {"a": {"b": []}}, {"a": {}}, {}, {"a": []}, {"a": [[], {}]}, {"a": True, "b": False, "c": None},
    {"a": -0, "b": 2**63 - 1, "c": -(2**63)}, {"a": "/\\/"}, {"a": "\u2028\u2029\x7f\x80"}, {"a": "😀ü\x08\x0c\x1f\x00"},
    {"a/b": "<>&'\""}, {"a": {"": 1}}, {"a": {"0": "x", "2": "y"}}, {"a": {"00": 1}}, {"a": {"-1": 1}}, {"a": {"9223372036854775808": 1}},
    {"a10": 1, "a9": 2, "A": 3, "_": 4}, {"é": 1, "z": 2, "Z": 3}, {"a": {"x": {"0": "p", "1": "q"}}}, {"a": [{"0": "p"}]},
    {"a": "\ufffe\uffff"}, {"a\x00b": 1}, {"1a": 1, "a1": 2}, {"0x1": 1, "0b1": 2}, {"Inf": 1, "NAN": 2, "null": 3}, {"a": "\\u007f\\\x7f"},
    {"-": 1, "+": 2, ".": 3, " ": 4}, {"a ": 1, " a": 2}, {"٣": 1, "a": 2}, {"a": {"1": {"0": "z"}}}, {"1_0": 1, "a": 2}, {"1e": 2, "e1": 1},
    {" 1": 1, "1": 2}, {"1 ": 1}, {".5": 1}, {"5.": 1}, {"1e1": 1}, {"a": "\ud83d"}, {"\udc00": 1}, {"a": {"\ud800": 1}}, {"a": 2**63},
]  # fmt: skip


def test_every_hmac_of_version_1_that_is_made_is_php_s():
    made = 0
    for parameters, php in zip(PARAMETERS, by_php(VERSION_1, PARAMETERS), strict=True):
        ours = or_refused(
            api_hmac, token="t", api_key="key", timestamp=1, resource_type="typ", action_id="act",
            identifier="id", resource_id="rid", version=1, parameters=parameters,
        )  # fmt: skip
        assert ours in (None, php), parameters
        made += ours is not None
    assert made > len(PARAMETERS) / 2


SECOND = [
    *("register", " register", "   register", "register\0", "register\0x", " register\0[", "register[]", "register[0]", "register[a][b]"),
    *("register[a", "register]", "[register]", "register.", "register ", "Register", "register\t", "\tregister", "\xa0register"),
    *("register[0]x", "register [", "re.gister", "\nregister", "register=", "register[ ]", " register[", "\0register", "+register"),
]  # fmt: skip


@pytest.mark.parametrize("first", [True, False], ids=["after it", "before it"])
def test_a_form_whose_register_php_reads_otherwise_is_refused(first):
    bodies = []
    for name in SECOND:
        pieces = ["register=genuine", f"{quote(name, safe='')}=other"]
        bodies.append("&".join(pieces if first else pieces[::-1]))
    taken = 0
    for body, php in zip(bodies, by_php(FIELDS, bodies), strict=True):
        ours = or_refused(rules.form_field, body.encode(), "application/x-www-form-urlencoded")
        assert ours in (None, str(php).encode()), body
        taken += ours is not None
    assert taken >= 10


@pytest.mark.parametrize(
    "name", ["register%00", "+register", "register%5B%5D", "register%00x", "%20%20register"]
)
@pytest.mark.parametrize("field", ["clientId", "activity", "systemUrl"])
def test_the_other_forms_of_a_module_have_no_second_field_for_php_either(field, name):
    clause = "retailcrm:activity.form"
    body = f"{field}=a&{name.replace('register', field)}=b".encode()
    with pytest.raises(Refused) as caught:
        rules.fields(body, "application/x-www-form-urlencoded", clause, clause)
    assert caught.value.reason == "duplicate-parameter"


NESTED = 'while (($n = fgets(STDIN)) !== false) { @parse_str("a" . str_repeat("[b]", (int) $n) . "=1&c=2", $v); echo count($v), "\\n"; }'


@pytest.mark.parametrize("levels", [1, 63, 64, 65, 70, 2_500, 20_000])
def test_what_is_nested_deeper_than_php_takes_it_is_dropped_as_there(levels):
    """`max_input_nesting_level` is 64."""
    names = readings.of("onoffice:url.names=php-compatible")["names"]
    found = names((("a" + "[b]" * levels, "1"), ("c", "2")))
    assert [len(found)] == by_php(NESTED, [levels])


LAUNCH = """
while (($line = fgets(STDIN)) !== false) {
    parse_str(json_decode($line, true), $_GET);
    $found = [];
    foreach (['location_id', 'timestamp', 'hmac', 'user_id', 'access-token', 'data'] as $name) $found[$name] = $_GET[$name] ?? null;
    echo json_encode($found, JSON_INVALID_UTF8_SUBSTITUTE), "\\n";
}"""
NAMED = ("location_id", "timestamp", "hmac", "user_id", "access-token", "data")
TWINS = [
    *(spelled.format(name) for name in NAMED for spelled in
      ("{}", " {}", "   {}", "{}\0", "{}\0x", " {}\0[", "{}[]", "{}[0]", "{}[a][b]", "{}[", "{}[a", "{}]", "[{}]", "{}.", "{} ",
       "{}\t", "\t{}", "{}[0]x", "{}[ ]", " {}[", "\0{}", "+{}", "_{}", "{}\xa0")),
    *("location.id", "location id", "location[id", " location.id[0]", "location.id\0", "location-id", "location..id", "location_id.x",
      "user.id", "user id", "user[id", "user.id[]", "access.token", "access_token", "Location_id", "loca.tion_id", "location[id]"),
]  # fmt: skip


@pytest.mark.clause("fortis:launch.repeated")
@pytest.mark.parametrize("first", [True, False], ids=["after it", "before it"])
def test_a_launch_with_a_parameter_that_php_reads_as_another_is_refused(first):
    """What is taken PHP reads alike, with the value that was taken, under every name that a launch has."""
    genuine = [f"{name}=genuine" for name in NAMED]
    queries = []
    for twin in TWINS:
        other = [f"{quote(twin, safe='')}=other"]
        queries.append("&".join(genuine + other if first else other + genuine))
    taken = 0
    for twin, query, php in zip(TWINS, queries, by_php(LAUNCH, queries), strict=True):
        ours = or_refused(launch.parameters, query)
        if ours is not None:
            taken += 1
            assert {name: ours[name] for name in NAMED} == php, twin
        else:
            assert list(php.values()) != ["genuine"] * len(NAMED) or not first, twin
    assert 30 < taken < len(TWINS) / 2 + 20

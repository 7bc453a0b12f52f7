#!/usr/bin/env bash
# The form matcher of responses sees the last of two equal fields and no empty ones; its query matcher sees all.
#
# Version: responses 0.26.3 with requests 2.34.2.
# Measured: 2026-11-30, Python 3.11, Linux.
#
# `query_param_matcher` takes a list for a name that comes twice, and an empty value is a value. With the same arguments
# `urlencoded_params_matcher` reads the form into a dictionary: {"a": "2"} matches `a=1&a=2`, and a list matches no form
# at all, so such a form cannot be described. {"a": "1"} matches `a=1&locations=`, unless `allow_blank=True`.
# A test of a webhook's or a token request's body passes for a body that the platform would not accept, or sign.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install responses==0.26.3 requests==2.34.2

cat >probe.py <<'PYTHON'
from importlib.metadata import version

import requests
import responses
from responses import matchers

TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


def in_query(text, expected):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get("http://partner.example/h", match=[matchers.query_param_matcher(expected)])
        return matches(lambda: requests.get(f"http://partner.example/h?{text}", timeout=10))


def in_form(text, expected):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post("http://partner.example/h", match=[matchers.urlencoded_params_matcher(expected)])
        return matches(lambda: requests.post("http://partner.example/h", data=text, headers=TYPE, timeout=10))


def matches(send):
    try:
        return "matches" if send() is not None else ""
    except requests.ConnectionError:
        return "does not"


print("responses", version("responses"))
for text, expected in [
    ("a=1&a=2", {"a": ["1", "2"]}),
    ("a=1&a=2", {"a": "2"}),
    ("a=1&locations=", {"a": "1", "locations": ""}),
    ("a=1&locations=", {"a": "1"}),
]:
    print(text, expected, "- as a query:", in_query(text, expected), "- as a form:", in_form(text, expected))
PYTHON

env/bin/python probe.py >seen.txt
cat >expected.txt <<'TEXT'
responses 0.26.3
a=1&a=2 {'a': ['1', '2']} - as a query: matches - as a form: does not
a=1&a=2 {'a': '2'} - as a query: does not - as a form: matches
a=1&locations= {'a': '1', 'locations': ''} - as a query: matches - as a form: does not
a=1&locations= {'a': '1'} - as a query: does not - as a form: matches
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi

#!/usr/bin/env bash
# httpx removes a URL's own query when it is given params, even empty ones.
#
# Version: httpx 0.28.1.
# Measured: 2026-11-29, Python 3.11, Linux.
#
# `httpx.get(url, params={"lang": "de"})` sends `lang=de` alone, and `params={}` sends no query at all; only `params=None`
# leaves the URL as it is. requests, whose interface it follows, adds to the query that is there.
# A wrapper that always hands on a dictionary of parameters loses a signed query in this way.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install httpx==0.28.1 requests==2.34.2

cat >probe.py <<'PYTHON'
import httpx
import requests

url = "http://127.0.0.1/h?a=1&b=2"
print("httpx", httpx.__version__)
for params in (None, {}, {"lang": "de"}):
    print(params, httpx.Client().build_request("GET", url, params=params).url.raw_path.decode())
print("requests", requests.__version__)
for params in (None, {}, {"lang": "de"}):
    print(params, requests.Request("GET", url, params=params).prepare().path_url)
PYTHON

env/bin/python probe.py >seen.txt
cat >expected.txt <<'TEXT'
httpx 0.28.1
None /h?a=1&b=2
{} /h
{'lang': 'de'} /h?lang=de
requests 2.34.2
None /h?a=1&b=2
{} /h?a=1&b=2
{'lang': 'de'} /h?a=1&b=2&lang=de
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi

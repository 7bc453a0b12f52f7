#!/usr/bin/env bash
# requests_oauth2client drops the query of an authorization endpoint; httpx-oauth and aioauth-client write a second "?".
#
# Versions: requests_oauth2client 1.8.0, httpx-oauth 0.17.0, aioauth-client 0.30.1; beside them Authlib 1.9.10
# and requests-oauthlib 2.0.0.
# Measured: 2026-11-30, Python 3.11, Linux.
#
# RFC 6749, section 3.1, lets the address of an authorization endpoint have a query, and a client has to keep it when it
# adds parameters. Platforms use it for a tenant or a policy. Authlib and requests-oauthlib keep it.
# requests_oauth2client sends the user to the same path without it. The second question mark of the other two makes the
# first new parameter a part of the old value: the server sees no response_type or no redirect_uri.
# The Python SDK of MCP has the same fault reported (its issue 3505), and oauth2-client of npm (its pull request 196).
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install requests_oauth2client==1.8.0 httpx-oauth==0.17.0 \
    aioauth-client==0.30.1 authlib==1.9.10 requests-oauthlib==2.0.0 requests==2.34.2

cat >probe.py <<'PYTHON'
import asyncio
from importlib.metadata import version
from urllib.parse import parse_qsl, urlsplit

import aioauth_client
import authlib.integrations.requests_client
import httpx_oauth.oauth2
import requests_oauth2client
import requests_oauthlib

ENDPOINT = "https://login.example/authorize?policy=sign-in"
TOKEN = "https://login.example/token"
BACK = "https://shop.example/back"


def with_authlib():
    session = authlib.integrations.requests_client.OAuth2Session("shop", redirect_uri=BACK)
    return session.create_authorization_url(ENDPOINT, state="s")[0]


def with_requests_oauthlib():
    return requests_oauthlib.OAuth2Session("shop", redirect_uri=BACK).authorization_url(ENDPOINT, state="s")[0]


def with_requests_oauth2client():
    client = requests_oauth2client.OAuth2Client(
        TOKEN, authorization_endpoint=ENDPOINT, redirect_uri=BACK, client_id="shop", client_secret="example"
    )
    return client.authorization_request(state="s").uri


def with_httpx_oauth():
    client = httpx_oauth.oauth2.OAuth2("shop", "example", ENDPOINT, TOKEN)
    return asyncio.run(client.get_authorization_url(BACK, state="s"))


def with_aioauth_client():
    return aioauth_client.OAuth2Client("shop", "example", authorize_url=ENDPOINT).get_authorize_url(
        redirect_uri=BACK, state="s"
    )


for name, url in {
    "authlib": with_authlib(),
    "requests-oauthlib": with_requests_oauthlib(),
    "requests_oauth2client": with_requests_oauth2client(),
    "httpx-oauth": with_httpx_oauth(),
    "aioauth-client": with_aioauth_client(),
}.items():
    query = dict(parse_qsl(urlsplit(url).query))
    read = {wanted: query.get(wanted) for wanted in ("policy", "response_type", "client_id", "redirect_uri")}
    print(name, version(name))
    print("   ", read)
PYTHON

env/bin/python -W ignore probe.py >seen.txt
cat >expected.txt <<'TEXT'
authlib 1.9.10
    {'policy': 'sign-in', 'response_type': 'code', 'client_id': 'shop', 'redirect_uri': 'https://shop.example/back'}
requests-oauthlib 2.0.0
    {'policy': 'sign-in', 'response_type': 'code', 'client_id': 'shop', 'redirect_uri': 'https://shop.example/back'}
requests_oauth2client 1.8.0
    {'policy': None, 'response_type': 'code', 'client_id': 'shop', 'redirect_uri': 'https://shop.example/back'}
httpx-oauth 0.17.0
    {'policy': 'sign-in?response_type=code', 'response_type': None, 'client_id': 'shop', 'redirect_uri': 'https://shop.example/back'}
aioauth-client 0.30.1
    {'policy': 'sign-in?redirect_uri=https://shop.example/back', 'response_type': 'code', 'client_id': 'shop', 'redirect_uri': None}
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi

#!/usr/bin/env bash
# httpx-auth-awssigv4 signs the query in the order in which it is sent, so that AWS refuses the request.
#
# Versions: httpx-auth-awssigv4 0.1.4 with httpx 0.28.1; beside it botocore 1.44.8 and requests-aws4auth 1.4.0.
# Measured: 2026-11-30, Python 3.11, Linux.
#
# AWS Signature Version 4 sorts the parameters by name and then by value before it signs them. AWS publishes a suite of
# test cases with keys, a time and the right signature; get-vanilla-query-order-key-case has two names out of order.
# botocore and requests-aws4auth compute its signature. httpx-auth-awssigv4 copies the query as it is, and signs a path
# decoded. A test with one parameter passes; a second one whose name is earlier in the alphabet is answered with 403.
# requests-auth-aws-sigv4 0.7 sorts, but signs one of two equal names (its issue 18).
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install \
    httpx-auth-awssigv4==0.1.4 httpx==0.28.1 botocore==1.44.8 requests-aws4auth==1.4.0 requests==2.34.2 freezegun==1.5.5

cat >probe.py <<'PYTHON'
import freezegun
import httpx
import requests
from botocore.auth import SigV4Auth as BotocoreAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from httpx_auth_awssigv4 import SigV4Auth
from requests_aws4auth import AWS4Auth

# The keys of the suite, which belong to nobody.
KEYS = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SUITE = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"


def botocore(url):
    request = AWSRequest("GET", url)
    BotocoreAuth(Credentials(*KEYS), "service", "us-east-1").add_auth(request)
    return request.headers["Authorization"]


def requests_aws4auth(url):
    auth = AWS4Auth(*KEYS, "us-east-1", "service", include_hdrs={"host", "x-amz-date"})
    return requests.Request("GET", url, auth=auth).prepare().headers["Authorization"]


def httpx_auth_awssigv4(url):
    seen = []
    transport = httpx.MockTransport(lambda request: (seen.append(request), httpx.Response(200))[1])
    auth = SigV4Auth(access_key=KEYS[0], secret_key=KEYS[1], service="service", region="us-east-1")
    httpx.Client(transport=transport).get(url, auth=auth)
    return seen[0].headers["Authorization"]


with freezegun.freeze_time("2015-08-30 12:36:00"):
    for target in "?Param1=value1&Param2=value2", "?Param2=value2&Param1=value1":
        for sign in botocore, requests_aws4auth, httpx_auth_awssigv4:
            signature = sign("https://example.amazonaws.com/" + target).split("Signature=")[1]
            print(target, sign.__name__, "as the suite" if signature == SUITE else signature)
    space = "https://example.amazonaws.com/a%20b"
    for sign in requests_aws4auth, httpx_auth_awssigv4:
        signature, known = (one(space).split("Signature=")[1] for one in (sign, botocore))
        print("/a%20b", sign.__name__, "as botocore" if signature == known else "other than botocore")
PYTHON

env/bin/python -W ignore probe.py >seen.txt
cat >expected.txt <<'TEXT'
?Param1=value1&Param2=value2 botocore as the suite
?Param1=value1&Param2=value2 requests_aws4auth as the suite
?Param1=value1&Param2=value2 httpx_auth_awssigv4 as the suite
?Param2=value2&Param1=value1 botocore as the suite
?Param2=value2&Param1=value1 requests_aws4auth as the suite
?Param2=value2&Param1=value1 httpx_auth_awssigv4 852baf9d507f14d925498277e9c258f123fac95b829db7a9ab4d87752289b0e4
/a%20b requests_aws4auth as botocore
/a%20b httpx_auth_awssigv4 other than botocore
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi

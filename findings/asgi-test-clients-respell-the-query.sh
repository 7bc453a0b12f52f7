#!/usr/bin/env bash
# The test client of async-asgi-testclient escapes a query a second time, and that of asgi-tools decodes it.
#
# Versions: async-asgi-testclient 1.4.11, asgi-tools 3.2.1 (muffin 3.0.3 tests with it); beside them httpx 0.28.1,
# asgi-testclient 0.3.1 and the client of quart 0.22.0.
# Measured: 2026-11-30, Python 3.11, Linux.
#
# Both take a path with a query. The first writes %2C as %252C and a plus as %2B: the application decodes `x%2Cy`, where
# behind a server it decodes `x,y`. The second hands on `x,y` for `x%2Cy` and `~` for `%7e`, since a URL of yarl is
# respelled. In ASGI the query is a byte string in escaped form; the other three hand on the one that they got.
# A genuine signed URL is refused in such a test, or an endpoint passes that decodes once too often.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install \
    async-asgi-testclient==1.4.11 asgi-tools==3.2.1 httpx==0.28.1 asgi-testclient==0.3.1 quart==0.22.0 yarl==1.25.1

cat >probe.py <<'PYTHON'
import asyncio
from importlib.metadata import version

import asgi_testclient
import async_asgi_testclient
import httpx
import quart
from asgi_tools.tests import ASGITestClient

TARGET = "/h?name=x%2Cy&time=2026-11-30T08:00:00%2B01:00&path=%7e/a+b"


async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": scope["query_string"]})


flavoured = quart.Quart("flavoured")


@flavoured.get("/h")
async def answer():
    return quart.request.scope["query_string"]


async def main():
    print(TARGET.partition("?")[2], "is sent")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app.example") as client:
        print((await client.get(TARGET)).text, "httpx", version("httpx"))
    print((await asgi_testclient.TestClient(app).get(TARGET)).text, "asgi-testclient", version("asgi-testclient"))
    got = await flavoured.test_client().get(TARGET)
    print((await got.get_data()).decode(), "quart", version("quart"))
    got = await async_asgi_testclient.TestClient(app).get(TARGET)
    print(got.text, "async-asgi-testclient", version("async-asgi-testclient"))
    got = await ASGITestClient(app).get(TARGET)
    print(await got.text(), "asgi-tools", version("asgi-tools"))


asyncio.run(main())
PYTHON

env/bin/python -W ignore probe.py >seen.txt
cat >expected.txt <<'TEXT'
name=x%2Cy&time=2026-11-30T08:00:00%2B01:00&path=%7e/a+b is sent
name=x%2Cy&time=2026-11-30T08:00:00%2B01:00&path=%7e/a+b httpx 0.28.1
name=x%2Cy&time=2026-11-30T08:00:00%2B01:00&path=%7e/a+b asgi-testclient 0.3.1
name=x%2Cy&time=2026-11-30T08:00:00%2B01:00&path=%7e/a+b quart 0.22.0
name=x%252Cy&time=2026-11-30T08%3A00%3A00%252B01%3A00&path=%257e%2Fa%2Bb async-asgi-testclient 1.4.11
name=x,y&time=2026-11-30T08:00:00%2B01:00&path=~/a+b asgi-tools 3.2.1
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi

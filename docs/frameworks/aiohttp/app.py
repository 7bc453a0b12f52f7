"""A partner endpoint for OfficeRnD in aiohttp.

Start it with: OFFICERND_SECRET=... OFFICERND_WEBHOOK_SECRET=... PORT=8000 python app.py
"""

import os
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from handshakes.core.refusals import Refused
from handshakes.officernd import verify_query, verify_webhook

SECRET = os.environ["OFFICERND_SECRET"]  # read it by organisation in a real integration
WEBHOOK_SECRET = os.environ["OFFICERND_WEBHOOK_SECRET"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def refusing(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as error:
        print("refused:", error.reason, flush=True)  # for the operator; the client learns no reason
        return web.json_response({"message": "The request could not be verified."}, status=401)


async def healthcheck(request: web.Request) -> web.Response:
    target = request.raw_path  # path and query as sent; request.query_string is decoded
    verify_query(target, secret=SECRET, now=int(time.time()))
    return web.json_response({"accountName": "Example account"})


async def removed(request: web.Request) -> web.Response:
    body = await request.read()  # before request.post(); client_max_size limits it to 1 MiB
    header = ",".join(request.headers.getall("officernd-signature", []))  # two headers are refused
    verify_webhook(body, header, secret=WEBHOOK_SECRET, now=int(time.time()))
    return web.Response(status=204)


app = web.Application(middlewares=[refusing])
app.add_routes([web.get("/healthcheck", healthcheck), web.post("/removed", removed)])

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None)

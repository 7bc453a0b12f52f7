"""A partner endpoint for OfficeRnD in Sanic.

Start it with: OFFICERND_SECRET=... OFFICERND_WEBHOOK_SECRET=... PORT=8000 python app.py
"""

import os
import time

from sanic import HTTPResponse, Request, Sanic, empty, json

from handshakes.core.refusals import Refused
from handshakes.officernd import verify_query, verify_webhook

SECRET = os.environ["OFFICERND_SECRET"]  # read it by organisation in a real integration
WEBHOOK_SECRET = os.environ["OFFICERND_WEBHOOK_SECRET"]

app = Sanic("partner")
app.config.REQUEST_MAX_SIZE = 1_048_576  # 100 MB unless set


@app.exception(Refused)
async def refused(request: Request, error: Refused) -> HTTPResponse:
    print("refused:", error.reason, flush=True)  # for the operator; the client learns no reason
    return json({"message": "The request could not be verified."}, 401)


@app.get("/healthcheck")
async def healthcheck(request: Request) -> HTTPResponse:
    raw = request.query_string  # not request.args or query_args: empty values are missing there
    verify_query(f"?{raw}", secret=SECRET, now=int(time.time()))
    return json({"accountName": "Example account"})


@app.post("/removed")
async def removed(request: Request) -> HTTPResponse:
    header = ",".join(request.headers.getall("officernd-signature", []))  # two headers are refused
    header = header.strip(" \t")  # RFC 9110, 5.5
    verify_webhook(request.body, header, secret=WEBHOOK_SECRET, now=int(time.time()))
    return empty()


if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ["PORT"]), single_process=True, access_log=False)

"""A partner endpoint for OfficeRnD in FastAPI; Starlette alone has the same requests.

Start it with: OFFICERND_SECRET=... OFFICERND_WEBHOOK_SECRET=... PORT=8000 python app.py
"""

import os
import time

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from handshakes.core.refusals import Refused
from handshakes.officernd import verify_query, verify_webhook

SECRET = os.environ["OFFICERND_SECRET"]  # read it by organisation in a real integration
WEBHOOK_SECRET = os.environ["OFFICERND_WEBHOOK_SECRET"]
MOST_BODY = 1_048_576  # FastAPI has no limit of its own

app = FastAPI(openapi_url=None)


@app.exception_handler(Refused)
async def refused(request: Request, error: Refused) -> Response:
    print("refused:", error.reason, flush=True)  # for the operator; the client learns no reason
    return JSONResponse({"message": "The request could not be verified."}, 401)


@app.get("/healthcheck")
async def healthcheck(request: Request) -> Response:
    raw = request.scope["query_string"].decode("latin-1")  # not request.query_params
    verify_query(f"?{raw}", secret=SECRET, now=int(time.time()))
    return JSONResponse({"accountName": "Example account"})


@app.post("/removed")
async def removed(request: Request) -> Response:
    body = b""
    async for chunk in request.stream():  # request.body() would read on without an end
        body += chunk
        if len(body) > MOST_BODY:
            raise Refused("too-large", "officernd:webhook.signature", {"most": MOST_BODY})
    header = ",".join(request.headers.getlist("officernd-signature"))  # two headers are refused
    verify_webhook(body, header.strip(" \t"), secret=WEBHOOK_SECRET, now=int(time.time()))  # RFC 9110, 5.5
    return Response(status_code=204)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=False)

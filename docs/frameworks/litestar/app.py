"""A partner endpoint for OfficeRnD in Litestar.

Start it with: OFFICERND_SECRET=... OFFICERND_WEBHOOK_SECRET=... PORT=8000 python app.py
"""

import os
import time

import uvicorn
from litestar import Litestar, Request, Response, get, post

from handshakes.core.refusals import Refused
from handshakes.officernd import verify_query, verify_webhook

SECRET = os.environ["OFFICERND_SECRET"]  # read it by organisation in a real integration
WEBHOOK_SECRET = os.environ["OFFICERND_WEBHOOK_SECRET"]


def refused(request: Request, error: Refused) -> Response:
    print("refused:", error.reason, flush=True)  # for the operator; the client learns no reason
    return Response({"message": "The request could not be verified."}, status_code=401)


@get("/healthcheck")
async def healthcheck(request: Request) -> dict[str, str]:
    raw = request.scope["query_string"].decode("latin-1")  # not request.query_params: it has no order
    verify_query(f"?{raw}", secret=SECRET, now=int(time.time()))
    return {"accountName": "Example account"}


@post("/removed", status_code=204)
async def removed(request: Request) -> None:
    body = await request.body()  # before request.form(); request_max_body_size limits it to 10 MB
    header = ",".join(request.headers.getall("officernd-signature", []))  # two headers are refused
    verify_webhook(body, header.strip(" \t"), secret=WEBHOOK_SECRET, now=int(time.time()))  # RFC 9110, 5.5


app = Litestar([healthcheck, removed], exception_handlers={Refused: refused}, openapi_config=None)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=False)

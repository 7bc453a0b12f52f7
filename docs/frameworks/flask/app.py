"""A partner endpoint for OfficeRnD in Flask.

Start it with: OFFICERND_SECRET=... OFFICERND_WEBHOOK_SECRET=... PORT=8000 python app.py
"""

import os
import time

from flask import Flask, Response, jsonify, request

from handshakes.core.refusals import Refused
from handshakes.officernd import verify_query, verify_webhook

SECRET = os.environ["OFFICERND_SECRET"]  # read it by organisation in a real integration
WEBHOOK_SECRET = os.environ["OFFICERND_WEBHOOK_SECRET"]

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1_048_576  # Flask has no limit of its own; a longer body gets 413


@app.errorhandler(Refused)
def refused(error: Refused) -> tuple[Response, int]:
    print("refused:", error.reason, flush=True)  # for the operator; the client learns no reason
    return jsonify(message="The request could not be verified."), 401


@app.get("/healthcheck")
def healthcheck() -> Response:
    raw = request.environ["QUERY_STRING"]  # not request.args, request.url or request.full_path
    verify_query(f"?{raw}", secret=SECRET, now=int(time.time()))
    return jsonify(accountName="Example account")


@app.post("/removed")
def removed() -> tuple[str, int]:
    body = request.get_data()  # before request.form, which leaves nothing behind
    header = request.headers.get("officernd-signature", "")  # WSGI has joined two headers; they are refused
    verify_webhook(body, header.strip(" \t"), secret=WEBHOOK_SECRET, now=int(time.time()))  # RFC 9110, 5.5
    return "", 204


if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ["PORT"]))  # for production take gunicorn or another WSGI server

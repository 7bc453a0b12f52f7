"""A partner endpoint for OfficeRnD in Django, in one file; in a project only the views are needed.

Start it with: OFFICERND_SECRET=... OFFICERND_WEBHOOK_SECRET=... PORT=8000 python app.py
"""

import os
import time
from wsgiref.simple_server import make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from handshakes.core.refusals import Refused
from handshakes.officernd import verify_query, verify_webhook

SECRET = os.environ["OFFICERND_SECRET"]  # read it by organisation in a real integration
WEBHOOK_SECRET = os.environ["OFFICERND_WEBHOOK_SECRET"]
ORIGINS = ["127.0.0.1", "localhost"]


def refused(error: Refused) -> HttpResponse:
    print("refused:", error.reason, flush=True)  # for the operator; the client learns no reason
    return JsonResponse({"message": "The request could not be verified."}, status=401)


@require_GET
def healthcheck(request: HttpRequest) -> HttpResponse:
    raw = request.META["QUERY_STRING"]  # not request.GET, and not request.get_full_path()
    try:
        verify_query(f"?{raw}", secret=SECRET, now=int(time.time()))
    except Refused as error:
        return refused(error)
    return JsonResponse({"accountName": "Example account"})


@csrf_exempt  # the sender has no cookie of this site; the signature takes its place
@require_POST
def removed(request: HttpRequest) -> HttpResponse:
    header = request.headers.get("officernd-signature", "")  # WSGI has joined two headers; they are refused
    try:  # request.body before request.POST; DATA_UPLOAD_MAX_MEMORY_SIZE limits it to 2.5 MiB
        verify_webhook(request.body, header, secret=WEBHOOK_SECRET, now=int(time.time()))
    except Refused as error:
        return refused(error)
    return HttpResponse(status=204)


urlpatterns = [path("healthcheck", healthcheck), path("removed", removed)]

if __name__ == "__main__":
    settings.configure(ALLOWED_HOSTS=ORIGINS, ROOT_URLCONF=__name__)
    make_server("127.0.0.1", int(os.environ["PORT"]), get_wsgi_application()).serve_forever()

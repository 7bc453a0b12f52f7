"""What the six Python frameworks make of a query and of a body: python parsers.py NAME, listening on PORT.

GET answers with the views of the query, POST with the body that is left after the form was read, as one JSON object.
"""

from __future__ import annotations

import os
import sys
from typing import Any


def flask(port: int) -> None:
    """Serve Flask."""
    import flask

    app, request = flask.Flask("probe"), flask.request

    @app.get("/h")
    def query() -> Any:
        return {
            "raw": request.environ["QUERY_STRING"],
            "bytes": request.query_string.decode("latin-1"),
            "target": request.environ["RAW_URI"],
            "url": request.url,
            "items": list(request.args.items(multi=True)),
            "dict": list(request.args.to_dict().items()),
        }

    @app.post("/h")
    def body() -> Any:
        form = request.form.to_dict()
        return {"form": form, "after": request.get_data().decode()}

    @app.get("/client")
    def client() -> Any:
        seen = app.test_client().get("/h", query_string="a=1").get_json()
        return {"raw": seen["raw"], "target": seen["target"]}

    app.run("127.0.0.1", port)


def django(port: int) -> None:
    """Serve Django."""
    from wsgiref.simple_server import make_server

    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import JsonResponse
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt

    def view(request: Any) -> Any:
        if request.method == "GET":
            return JsonResponse(
                {
                    "raw": request.META["QUERY_STRING"],
                    "full_path": request.get_full_path(),
                    "uri": request.build_absolute_uri(),
                    "items": [(name, value) for name, values in request.GET.lists() for value in values],
                    "dict": list(request.GET.dict().items()),
                    "encoded": request.GET.urlencode(),
                }
            )
        form = request.POST.dict()
        try:
            return JsonResponse({"form": form, "after": request.body.decode()})
        except Exception as error:
            return JsonResponse({"form": form, "error": type(error).__name__})

    middleware = ["django.middleware.csrf.CsrfViewMiddleware"]
    settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, MIDDLEWARE=middleware)
    globals()["urlpatterns"] = [path("h", csrf_exempt(view)), path("checked", view)]
    make_server("127.0.0.1", port, get_wsgi_application()).serve_forever()


def fastapi(port: int) -> None:
    """Serve Starlette, whose requests FastAPI hands over."""
    import uvicorn
    from fastapi import FastAPI, Request

    app = FastAPI()

    async def query(request: Any) -> Any:
        return {
            "raw": request.scope["query_string"].decode("latin-1"),
            "raw_path": request.scope["raw_path"].decode("latin-1"),
            "url": str(request.url),
            "items": request.query_params.multi_items(),
            "dict": list(dict(request.query_params).items()),
            "encoded": str(request.query_params),
        }

    async def body(request: Any) -> Any:
        form = dict(await request.form())
        try:
            return {"form": form, "after": (await request.body()).decode()}
        except Exception as error:
            return {"form": form, "error": str(error)}

    for function, method in ((query, "GET"), (body, "POST")):
        function.__annotations__["request"] = Request
        app.add_api_route("/h", function, methods=[method])
    uvicorn.run(app, host="127.0.0.1", port=port)


def litestar(port: int) -> None:
    """Serve Litestar."""
    import uvicorn
    from litestar import Litestar, Request, get, post

    async def query(request: Any) -> dict[str, Any]:
        return {
            "raw": request.scope["query_string"].decode("latin-1"),
            "items": list(request.query_params.multi_items()),
            "dict": list(request.query_params.dict()),
            "kept": list(request.query_params.items()),
        }

    async def body(request: Any) -> dict[str, Any]:
        form = dict((await request.form()).multi_items())
        try:
            return {"form": form, "after": (await request.body()).decode()}
        except Exception as error:
            return {"form": form, "error": str(error)}

    for function in (query, body):
        function.__annotations__["request"] = Request
    uvicorn.run(Litestar([get("/h")(query), post("/h")(body)]), host="127.0.0.1", port=port)


def aiohttp(port: int) -> None:
    """Serve aiohttp."""
    from aiohttp import web

    async def query(request: Any) -> Any:
        return web.json_response(
            {
                "target": request.raw_path,
                "raw": request.rel_url.raw_query_string,
                "query_string": request.query_string,
                "items": list(request.query.items()),
                "dict": list(dict(request.query).items()),
            }
        )

    async def body(request: Any) -> Any:
        form = dict(await request.post())
        return web.json_response({"form": form, "after": (await request.read()).decode()})

    app = web.Application()
    app.add_routes([web.get("/h", query), web.post("/h", body)])
    web.run_app(app, host="127.0.0.1", port=port)


def sanic(port: int) -> None:
    """Serve Sanic."""
    from sanic import Sanic, json

    app = Sanic("probe")

    @app.route("/h", methods=["GET", "POST"])
    async def view(request: Any) -> Any:
        if request.method == "POST":
            return json({"form": dict(request.form), "after": request.body.decode()})
        return json(
            {
                "raw": request.query_string,
                "target": request.raw_url.decode("latin-1"),
                "args": list(request.args),
                "items": request.query_args,
                "kept": request.get_query_args(keep_blank_values=True),
            }
        )

    app.run("127.0.0.1", port, single_process=True)


if __name__ == "__main__":
    programs = (flask, django, fastapi, litestar, aiohttp, sanic)
    {program.__name__: program for program in programs}[sys.argv[1]](int(os.environ["PORT"]))

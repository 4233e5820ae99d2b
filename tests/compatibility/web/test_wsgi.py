"""WSGI frameworks: Flask, Bottle, Falcon."""

from __future__ import annotations

import io
from typing import Any

import bottle
import falcon
import falcon.testing
import flask
import pytest

FRAMEWORK = "Flask, Bottle, Falcon"
DISTRIBUTION = "Flask"


@pytest.mark.calls(9)
def test_flask(tool: Any) -> object:
    """Flask: views sync and async, `MethodView`, hooks, an error handler, a template filter, a command."""
    from flask.views import MethodView

    app = flask.Flask(__name__)
    app.testing = True

    @app.route("/sync/<int:number>")
    @tool("sync")
    def sync(number: int) -> str:
        return f"sync {number}"

    @app.route("/async")
    @tool("async")
    async def later() -> str:
        return "async"

    class Page(MethodView):
        @tool("get")
        def get(self) -> str:
            return flask.render_template_string("{{ 'x'|shout }}")

    @app.before_request
    @tool("before")
    def before() -> None:
        flask.g.seen = "seen"

    @app.errorhandler(404)
    @tool("missing")
    def missing(error: Exception) -> tuple[str, int]:
        return flask.g.seen, 404

    @app.template_filter()
    @tool("filter")
    def shout(value: str) -> str:
        return value.upper()

    app.add_url_rule("/page", view_func=Page.as_view("page"))
    client = app.test_client()
    answers = [client.get(path) for path in ("/sync/3", "/async", "/page", "/none")]
    return [(answer.status_code, answer.text) for answer in answers], sorted(app.view_functions)


@pytest.mark.calls(2)
def test_flask_command(tool: Any) -> object:
    """Flask: a command of its command line, and a context processor."""
    app = flask.Flask(__name__)

    @app.cli.command("show")
    @tool("show")
    def show() -> None:
        print(flask.render_template_string("{{ number }}"))

    @app.context_processor
    @tool("context")
    def context() -> dict[str, int]:
        return {"number": 3}

    result = app.test_cli_runner().invoke(args=["show"])
    return result.exit_code, result.output


@pytest.mark.calls(4)
def test_bottle(tool: Any) -> object:
    """Bottle: a route, a generator as the body, a hook; it asks for the signature."""
    app = bottle.Bottle()

    @app.route("/show/<number:int>")
    @tool("show")
    def show(number: int) -> str:
        return f"show {number}"

    @app.route("/pieces")
    @tool("pieces")
    def pieces() -> Any:
        yield "a"
        yield "b"

    @app.hook("before_request")
    @tool("hook")
    def hook() -> None:
        bottle.request.environ["seen"] = True

    def ask(path: str) -> bytes:
        environ = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO()}
        return b"".join(app(environ, lambda status, headers, exc_info=None: None))

    arguments = [list(each.get_callback_args()) for each in app.routes]
    return ask("/show/3"), ask("/pieces"), arguments


@pytest.mark.calls(5)
def test_falcon(tool: Any) -> object:
    """Falcon: responders, a hook `before`, a sink, an error handler, which it tells async by asking."""

    class Page:
        @falcon.before(tool("before")(lambda request, response, resource, params: params.update(extra=1)))
        @tool("on_get")
        def on_get(self, request: Any, response: Any, number: int, extra: int) -> None:
            response.text = f"{number} {extra}"

        @tool("on_post")
        def on_post(self, request: Any, response: Any, number: int) -> None:
            raise KeyError("lost")

    app = falcon.App()
    app.add_route("/page/{number:int}", Page())
    app.add_sink(tool("sink")(lambda request, response: setattr(response, "text", "sink")), "/sink")

    @tool("handler")
    def handler(request: Any, response: Any, error: Exception, params: Any) -> None:
        response.text = type(error).__name__

    app.add_error_handler(KeyError, handler)
    client = falcon.testing.TestClient(app)
    answers = [client.simulate_get("/page/3"), client.simulate_get("/sink/x"), client.simulate_post("/page/4")]
    return [answer.text for answer in answers]


@pytest.mark.calls(2)
def test_falcon_asgi(tool: Any) -> object:
    """Falcon on ASGI refuses responders that are no coroutine functions; here is one, and a middleware's method."""
    import falcon.asgi

    class Page:
        @tool("on_get")
        async def on_get(self, request: Any, response: Any) -> None:
            response.text = "page"

    class Middleware:
        @tool("middleware")
        async def process_request(self, request: Any, response: Any) -> None:
            response.set_header("x-seen", "yes")

    app = falcon.asgi.App(middleware=[Middleware()])
    app.add_route("/", Page())
    answer = falcon.testing.TestClient(app).simulate_get("/")
    return answer.text, answer.headers["x-seen"]

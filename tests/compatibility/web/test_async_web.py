"""More asynchronous web frameworks: Quart, Sanic, Tornado, BlackSheep, python-socketio."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

FRAMEWORK = "Quart, Sanic, Tornado, BlackSheep, python-socketio"
DISTRIBUTION = "quart"


@pytest.mark.calls(7)
def test_quart(tool: Any) -> object:
    """Quart: views async and sync, a stream, hooks, a WebSocket, a background task."""
    import quart

    app = quart.Quart(__name__)
    seen: list[str] = []

    @app.route("/async/<int:number>")
    @tool("async")
    async def later(number: int) -> str:
        app.add_background_task(tool("task")(task))
        return f"async {number}"

    async def task() -> None:
        seen.append("task")

    @app.route("/sync")
    @tool("sync")
    def sync() -> str:
        return "sync"

    @app.route("/stream")
    async def stream() -> Any:
        return pieces(), {"content-type": "text/plain"}

    @tool("pieces")
    async def pieces() -> Any:
        yield b"a"
        yield b"b"

    @app.before_serving
    @tool("serving")
    async def serving() -> None:
        seen.append("serving")

    @app.while_serving
    @tool("lifespan")
    async def lifespan() -> Any:
        seen.append("up")
        yield
        seen.append("down")

    @app.websocket("/socket")
    @tool("socket")
    async def socket() -> None:
        await quart.websocket.send(await quart.websocket.receive())

    async def main() -> list[Any]:
        async with app.test_app() as running:
            client = running.test_client()
            answers = [
                await (await client.get(each)).get_data(as_text=True) for each in ("/async/3", "/sync", "/stream")
            ]
            async with client.websocket("/socket") as session:
                await session.send("hello")
                answers.append(await session.receive())
            return answers

    return asyncio.run(main()), sorted(seen)


@pytest.mark.calls(5)
def test_sanic(tool: Any) -> object:
    """Sanic: handlers async and sync, a class-based view, a middleware, an exception handler."""
    from sanic import Sanic
    from sanic.response import text
    from sanic.views import HTTPMethodView
    from sanic_testing import TestManager

    Sanic.test_mode = True
    app = Sanic(f"Compatibility{tool.decorated}", configure_logging=False)
    TestManager(app)

    @app.get("/async/<number:int>")
    @tool("async")
    async def later(request: Any, number: int) -> Any:
        return text(f"async {number}")

    @app.get("/sync")
    @tool("sync")
    def sync(request: Any) -> Any:
        raise KeyError("lost")

    class Page(HTTPMethodView):
        @tool("get")
        async def get(self, request: Any) -> Any:
            return text("page")

    app.add_route(Page.as_view(), "/page")

    @app.middleware("request")
    async def middleware(request: Any) -> None:
        request.ctx.seen = await tool("called")(asyncio.sleep)(0, "seen") if request.path == "/page" else None

    @app.exception(KeyError)
    @tool("handler")
    async def handler(request: Any, error: Exception) -> Any:
        return text("handled")

    async def main() -> list[str]:
        answers = []
        for path in ("/async/3", "/sync", "/page"):
            _, answer = await app.asgi_client.get(path)
            answers.append(answer.text)
        return answers

    return asyncio.run(main())


@pytest.mark.calls(5)
def test_tornado(tool: Any) -> object:
    """Tornado: handlers, `gen.coroutine` over and under tools, which asks for generators, `add_callback`."""
    from tornado import gen, httpclient, httpserver, ioloop, netutil, web

    class Page(web.RequestHandler):
        @tool("get")
        async def get(self) -> None:
            self.write("page")

        @gen.coroutine
        @tool("post")
        def post(self) -> Any:
            yield gen.sleep(0)
            self.write("post")

    @tool("over")
    @gen.coroutine
    def over() -> Any:
        yield gen.sleep(0)
        raise gen.Return("over")

    @tool("main")
    async def main() -> list[Any]:
        sockets = netutil.bind_sockets(0, "127.0.0.1")
        server = httpserver.HTTPServer(web.Application([("/", Page)]))
        server.add_sockets(sockets)
        url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/"
        client = httpclient.AsyncHTTPClient(force_instance=True)
        answers = [(await client.fetch(url)).body, (await client.fetch(url, method="POST", body="")).body, await over()]
        future: asyncio.Future[int] = asyncio.Future()
        ioloop.IOLoop.current().add_callback(tool("callback")(future.set_result), 3)
        answers.append(await future)
        client.close()
        server.stop()
        return answers

    return asyncio.run(main())


@pytest.mark.calls(4)
def test_blacksheep(tool: Any) -> object:
    """BlackSheep: handlers whose arguments are bound by annotations, sync and async, a middleware."""
    from blacksheep import Application, Router, text
    from blacksheep.testing import TestClient

    router = Router()
    app = Application(router=router)

    @router.get("/async/{number}")
    @tool("async")
    async def later(number: int) -> Any:
        return text(f"async {number}")

    @router.get("/sync")
    @tool("sync")
    def sync(a: int = 1) -> Any:
        return text(f"sync {a}")

    @tool("middleware")
    async def middleware(request: Any, handler: Any) -> Any:
        return await handler(request)

    app.middlewares.append(middleware)

    async def main() -> list[Any]:
        await app.start()
        client = TestClient(app)
        answers = [await client.get("/async/3"), await client.get("/sync", query={"a": "7"})]
        said = [await answer.text() for answer in answers]
        await app.stop()
        return said

    return asyncio.run(main())


@pytest.mark.calls(3)
def test_socketio(tool: Any) -> object:
    """python-socketio: handlers of events, sync and async, which it tells by asking, and a namespace's methods."""
    import socketio

    class Names(socketio.AsyncNamespace):
        @tool("method")
        async def on_ask(self, sid: str, data: Any) -> str:
            return f"method {data}"

    server = socketio.AsyncServer(async_mode="asgi", async_handlers=False)

    @server.on("sync")
    @tool("sync")
    def sync(sid: str, data: Any) -> str:
        return f"sync {data}"

    @server.event
    @tool("later")
    async def later(sid: str, data: Any) -> str:
        return f"later {data}"

    server.register_namespace(Names("/names"))

    async def main() -> list[Any]:
        trigger = server._trigger_event
        return [
            await trigger("sync", "/", "sid", 1),
            await trigger("later", "/", "sid", 2),
            await trigger("ask", "/names", "sid", 3),
        ]

    return asyncio.run(main())

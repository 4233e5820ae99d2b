"""FastAPI: routes, dependencies, background tasks, WebSockets."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Header, Query, Request, WebSocket
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel

FRAMEWORK = "FastAPI"
DISTRIBUTION = "fastapi"


class Item(BaseModel):
    """A body."""

    name: str
    size: int = 1


@pytest.mark.calls(4)
def test_operations(tool: Any) -> object:
    """`@app.get` and `@app.post` over tools: path, query and body of the annotations; the OpenAPI document."""
    app = FastAPI()

    @app.get("/items/{number}")
    @tool("read")
    async def read(number: int, limit: Annotated[int, Query(le=10)] = 5) -> dict[str, int]:
        """Reads."""
        return {"number": number, "limit": limit}

    @app.post("/items")
    @tool("write")
    def write(item: Item) -> Item:
        return item

    client = TestClient(app)
    answers = [
        client.get("/items/3?limit=2"),
        client.get("/items/x"),
        client.get("/items/3?limit=11"),
        client.post("/items", json={"name": "a"}),
        client.get("/items/4"),
        client.post("/items", json={"name": "b", "size": 2}),
    ]
    return [(each.status_code, each.json()) for each in answers], app.openapi()


@pytest.mark.calls(3)
def test_added_routes(tool: Any) -> object:
    """`add_api_route`, Starlette's `add_route`, a router's, with functions and bound methods."""

    async def page(request: Request) -> Any:
        return PlainTextResponse("page")

    class Pages:
        @tool("method")
        async def method(self, number: int) -> int:
            return number

    app, router = FastAPI(), APIRouter(prefix="/in")
    app.add_route("/page", tool(page))
    app.add_api_route("/method/{number}", Pages().method)
    router.add_api_route("/static", tool("static")(lambda: "static"))
    app.include_router(router)
    client = TestClient(app)
    return [client.get(path).text for path in ("/page", "/method/3", "/in/static")]


@pytest.mark.calls(12)
def test_dependencies(tool: Any) -> object:
    """`Depends` on functions of every kind, on an object's `__call__`, on what depends itself."""
    seen = []

    @tool("sync")
    def sync(agent: Annotated[str, Header(alias="x-agent")] = "none") -> str:
        return agent

    @tool("coroutine")
    async def coroutine(agent: str = Depends(sync)) -> str:
        return f"async {agent}"

    @tool("generator")
    def generator() -> Any:
        yield "generator"
        seen.append("closed")

    @tool("async_generator")
    async def async_generator() -> Any:
        yield "async generator"
        seen.append("async closed")

    class Callable:
        @tool("call")
        def __call__(self, q: int = 1) -> int:
            return q

    called = Callable()
    app = FastAPI()

    @app.get("/")
    @tool("page")
    def page(
        a: str = Depends(coroutine),
        b: str = Depends(generator),
        c: str = Depends(async_generator),
        d: int = Depends(called),
    ) -> list[Any]:
        return [a, b, c, d]

    client = TestClient(app)
    answers = [client.get("/").json(), client.get("/?q=7", headers={"x-agent": "me"}).json()]
    return answers, seen


@pytest.mark.calls(2)
def test_surroundings(tool: Any) -> object:
    """A background task and an HTTP middleware."""
    seen = []
    app = FastAPI()

    @app.middleware("http")
    @tool("middleware")
    async def middleware(request: Request, call_next: Any) -> Any:
        answer = await call_next(request)
        answer.headers["x-seen"] = "yes"
        return answer

    @app.get("/")
    async def page(tasks: BackgroundTasks) -> None:
        tasks.add_task(tool("task")(seen.append), "task")

    answer = TestClient(app).get("/")
    return answer.status_code, answer.headers["x-seen"], seen


@pytest.mark.calls(2)
def test_failing(tool: Any) -> object:
    """An exception handler that is a tool answers for a tool that raises."""
    app = FastAPI()

    @app.exception_handler(KeyError)
    @tool("handler")
    async def handler(request: Request, error: KeyError) -> Any:
        return JSONResponse({"lost": error.args[0]}, 404)

    @app.get("/")
    @tool("page")
    async def page() -> None:
        raise KeyError("key")

    answer = TestClient(app).get("/")
    return answer.status_code, answer.json()


@pytest.mark.calls(2)
def test_web_socket(tool: Any) -> object:
    """`@app.websocket` with a dependency."""
    app = FastAPI()

    async def name(q: str = "nobody") -> str:
        return q

    # Annotations are looked up in the module, where a local dependency is not.
    @app.websocket("/")
    @tool("socket")
    async def socket(websocket: WebSocket, who: str = Depends(tool("name")(name))) -> None:
        await websocket.accept()
        await websocket.send_text(who)
        await websocket.close()

    with TestClient(app).websocket_connect("/?q=ann") as session:
        return session.receive_text()


@pytest.mark.calls(2)
def test_overrides(tool: Any) -> object:
    """`dependency_overrides` finds a tool as its key, and calls another in its place."""

    def original() -> str:
        return "original"

    app = FastAPI()
    dependency = tool("original")(original)

    @app.get("/")
    @tool("page")
    def page(a: str = Depends(dependency)) -> str:
        return a

    app.dependency_overrides[dependency] = tool("override")(lambda: "override")
    return TestClient(app).get("/").json()

"""FastAPI takes a decorated function wherever it takes the bare one, and describes it the same."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, Header, Query, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel

import toolvitals

Decorate = Callable[[Any], Any]


class Item(BaseModel):
    name: str
    size: int = 1


def sync_dependency(q: Annotated[str, Query(max_length=8)] = "none") -> str:
    return f"sync {q}"


async def async_dependency(x_token: Annotated[str, Header()] = "none") -> str:
    return f"async {x_token}"


def generator_dependency() -> Iterator[str]:
    happened.append("entered")
    yield "generator"
    happened.append("generator")


async def async_generator_dependency() -> AsyncIterator[str]:
    happened.append("entered")
    yield "async generator"
    happened.append("async generator")


class CallableDependency:
    def __call__(self, page: int = 1) -> str:
        return f"object {page}"


class AsyncCallableDependency:
    async def __call__(self, size: int = 10) -> str:
        return f"async object {size}"


def scaled(factor: int, value: int = 1) -> str:
    return f"partial {factor * value}"


happened: list[str] = []


def build(decorate: Decorate) -> FastAPI:
    """The same application with every function decorated by that."""
    app = FastAPI()
    dependencies = [
        decorate(function)
        for function in (
            sync_dependency,
            async_dependency,
            generator_dependency,
            async_generator_dependency,
            CallableDependency(),
            AsyncCallableDependency(),
            functools.partial(scaled, 3),
        )
    ]
    add_dependency_routes(app, dependencies, decorate)
    add_plain_routes(app, decorate)
    return app


def add_dependency_routes(app: FastAPI, dependencies: list[Any], decorate: Decorate) -> None:
    for number, dependency in enumerate(dependencies):

        def read(value: Annotated[str, Depends(dependency)]) -> dict[str, str]:
            return {"value": value}

        # The annotation is a string here and this dependency is no global, so it is put there as an object.
        read.__annotations__ = {"value": Annotated[str, Depends(dependency)], "return": dict[str, str]}
        app.get(f"/dependency/{number}", operation_id=f"read_{number}")(decorate(read))


def add_plain_routes(app: FastAPI, decorate: Decorate) -> None:
    @app.get("/items/{item_id}")
    @decorate
    def read_item(item_id: int, verbose: bool = False) -> Item:
        """Reads an item."""
        return Item(name=f"{item_id} {verbose}")

    @app.post("/items", status_code=201)
    @decorate
    async def create_item(item: Item, tasks: BackgroundTasks) -> Item:
        """Creates an item."""
        tasks.add_task(decorate(remember), item.name)
        return item

    @app.get("/stream")
    @decorate
    async def stream() -> StreamingResponse:
        return StreamingResponse(decorate(async_chunks)())

    @app.websocket("/socket")
    @decorate
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    @app.exception_handler(ZeroDivisionError)
    @decorate
    async def divided(request: Any, error: ZeroDivisionError) -> Any:
        return StreamingResponse(iter(["divided"]), status_code=418)

    @app.get("/divide")
    @decorate
    def divide(by: int = 0) -> float:
        return 1 / by


async def async_chunks() -> AsyncIterator[str]:
    for chunk in ("a", "b"):
        yield chunk


def remember(name: str) -> None:
    happened.append(name)


@pytest.fixture
def bare() -> FastAPI:
    return build(lambda function: function)


@pytest.fixture
def decorated() -> FastAPI:
    toolvitals.get_collector().reset()
    happened.clear()
    return build(toolvitals.tool)


def test_openapi_is_the_same(bare: FastAPI, decorated: FastAPI) -> None:
    assert decorated.openapi() == bare.openapi()


@pytest.mark.parametrize(
    ("path", "headers", "value", "name"),
    [
        ("0?q=x", {}, "sync x", "sync_dependency"),
        ("1", {"x-token": "t"}, "async t", "async_dependency"),
        ("2", {}, "generator", "generator_dependency"),
        ("3", {}, "async generator", "async_generator_dependency"),
        ("4?page=7", {}, "object 7", "CallableDependency"),
        ("5?size=7", {}, "async object 7", "AsyncCallableDependency"),
        ("6?value=2", {}, "partial 6", "scaled"),
    ],
)
def test_dependencies(decorated: FastAPI, path: str, headers: dict[str, str], value: str, name: str) -> None:
    with TestClient(decorated) as client:
        response = client.get(f"/dependency/{path}", headers=headers)
    assert response.json() == {"value": value}
    assert successes(name) == 1
    assert successes("read") == 1


@pytest.mark.parametrize(("number", "closed"), [(2, "generator"), (3, "async generator")])
def test_generator_dependencies_are_run_to_their_end(decorated: FastAPI, number: int, closed: str) -> None:
    with TestClient(decorated) as client:
        client.get(f"/dependency/{number}")
    assert happened == ["entered", closed]


def test_a_request_that_does_not_validate_is_answered_the_same(bare: FastAPI, decorated: FastAPI) -> None:
    for path in ("/items/word", "/dependency/0?q=much_too_long"):
        answers = [TestClient(app).get(path) for app in (bare, decorated)]
        assert [answer.status_code for answer in answers] == [422, 422]
        assert answers[0].json() == answers[1].json()
    assert successes("read_item") == 0


def test_endpoints(decorated: FastAPI) -> None:
    with TestClient(decorated) as client:
        assert client.get("/items/3?verbose=1").json() == {"name": "3 True", "size": 1}
        assert client.post("/items", json={"name": "new"}).status_code == 201
        assert client.get("/stream").text == "ab"
        with client.websocket_connect("/socket") as socket:
            socket.send_text("hello")
            assert socket.receive_text() == "hello"
    assert happened == ["new"]
    names = ("read_item", "create_item", "remember", "stream", "async_chunks", "socket")
    assert {name: successes(name) for name in names} == dict.fromkeys(names, 1)


def test_exceptions_reach_their_handlers_and_are_recorded_by_class(decorated: FastAPI) -> None:
    with TestClient(decorated) as client:
        assert client.get("/divide").status_code == 418
    metrics = toolvitals.get_collector().get_tool_metrics("divide")
    assert metrics is not None
    assert metrics["error_types"] == {"ZeroDivisionError": 1}
    assert successes("divided") == 1


def successes(name: str) -> int:
    """Calls that succeeded, as the collector says."""
    metrics = toolvitals.get_collector().get_tool_metrics(name)
    return 0 if metrics is None else metrics["successful_calls"]

"""What may happen in and around a call of a decorated tool."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import urllib.request
from typing import Any

import anyio
from http_servers import serve
from mcp_decorated import Context
from mcp_scenarios import DIALECT, HAS_CALL_TOOL, TAKES_TIMEOUT, ask, instrumented, scenario

import toolvitals


def retried(function: Any) -> Any:
    """A decorator that tries three times."""

    @functools.wraps(function)
    async def persistent(*args: Any, **kwargs: Any) -> Any:
        for _ in range(2):
            with contextlib.suppress(ConnectionError):
                return await function(*args, **kwargs)
        return await function(*args, **kwargs)

    return persistent


def unlucky() -> Any:
    """A function that fails twice."""
    left = [None, None]

    async def attempt() -> str:
        if left:
            left.pop()
            raise ConnectionError("not yet")
        return "at last"

    return attempt


@scenario(asked=[1, 0, 0, {}])
async def retries_are_one_call() -> None:
    await ask(instrumented(asked=retried(toolvitals.tool("own")(unlucky()))))


@scenario(asked=[1, 0, 0, {}], attempt=[1, 2, 0, {"ConnectionError": 2}])
async def a_decorator_under_another_one_goes_on_recording() -> None:
    await ask(instrumented(asked=toolvitals.tool("own")(retried(toolvitals.tool("attempt")(unlucky())))))


@scenario(asked=[1, 0, 0, {}], own=[3, 0, 0, {}])
async def recursion_counts() -> None:
    @toolvitals.tool("own")
    async def countdown(n: int) -> int:
        return 0 if n == 0 else await countdown(n - 1)

    await ask(instrumented(asked=countdown), n=3)


@scenario(asked=[20, 0, 0, {}])
async def calls_at_the_same_time() -> None:
    @toolvitals.tool("own")
    async def slow() -> str:
        await asyncio.sleep(0)
        return "done"

    await ask(instrumented(asked=slow), times=20)


@scenario(asked=[1, 0, 0, {}], own=[1, 0, 0, {}])
async def a_call_from_what_the_tool_left_behind() -> None:
    answered = asyncio.Event()
    left: list[asyncio.Task[Any]] = []

    @toolvitals.tool("own")
    async def leaves() -> str:
        if not left:
            left.append(asyncio.ensure_future(call_later()))
        return "left"

    async def call_later() -> None:
        await answered.wait()
        await leaves()

    await ask(instrumented(asked=leaves))
    answered.set()
    await left[0]


@scenario(asked=[1, 0, 0, {}], other=[2, 0, 0, {}])
async def another_tool_called_directly() -> None:
    @toolvitals.tool
    async def other() -> str:
        return "other"

    @toolvitals.tool
    async def asked() -> str:
        return await other() + await other()

    await ask(instrumented(asked=asked, of_others=other))


@scenario(HAS_CALL_TOOL, asked=[2, 0, 0, {}], other=[1, 0, 0, {}])
async def tools_called_through_their_own_server() -> None:
    @toolvitals.tool("own")
    async def asks(again: bool = True) -> str:
        if again:
            await server.call_tool("asked", {"again": False})
            await server.call_tool("other", {})
        return "asked"

    @toolvitals.tool("own_other")
    def other() -> str:
        return "other"

    server = instrumented(asked=asks, other=other)
    await ask(server)


@scenario(HAS_CALL_TOOL, asked=[1, 0, 0, {}])
async def called_without_a_client() -> None:
    @toolvitals.tool("own")
    def says(x: str) -> str:
        return x

    await instrumented(asked=says).call_tool("asked", {"x": "said"})


@scenario(asked=[0, 1, 0, {"ValueError": 1}])
async def an_exception() -> None:
    @toolvitals.tool("own")
    def fails() -> str:
        raise ValueError("bad")

    await ask(instrumented(asked=fails))


@scenario(asked=[0, 2, 0, {"TimeoutError": 2}])
async def a_timeout_of_the_tool_itself() -> None:
    @toolvitals.tool("own")
    async def impatient() -> str:
        with anyio.fail_after(0.01):
            await asyncio.Event().wait()
        return "never"

    await ask(instrumented(asked=impatient), times=2)


@scenario(TAKES_TIMEOUT, asked=[0, 1, 0, {"TimeoutError": 1}], undecorated=[0, 1, 0, {"TimeoutError": 1}])
async def a_timeout_of_the_server() -> None:
    async def hangs() -> str:
        await asyncio.Event().wait()
        return "never"

    server = instrumented()
    server.tool(name="asked", timeout=0.01)(toolvitals.tool("own")(hangs))
    server.tool(name="undecorated", timeout=0.01)(hangs)
    await ask(server)
    await ask(server, "undecorated")


@scenario(TAKES_TIMEOUT, asked=[0, 1, 0, {"KeyError": 1}])
async def another_error_within_the_timeout() -> None:
    @toolvitals.tool("own")
    async def fails() -> str:
        raise KeyError("bad")

    server = instrumented()
    server.tool(name="asked", timeout=60)(fails)
    await ask(server)


@scenario(asked=[0, 0, 1, {}])
async def a_client_that_goes_away() -> None:
    started = asyncio.Event()

    @toolvitals.tool("own")
    async def hangs() -> str:
        started.set()
        await asyncio.Event().wait()
        return "never"

    async with DIALECT.connected(instrumented(asked=hangs)) as client:
        call = asyncio.ensure_future(client.call("asked", {}))
        await started.wait()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)


@scenario(asked=[1, 0, 0, {}], route=[3, 0, 0, {}], route_method=[1, 0, 0, {}])
async def over_http_with_routes_of_its_own() -> None:
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse

    @toolvitals.tool("own")
    async def contextual(x: int, ctx: Context) -> str:
        return f"{x} {type(ctx).__name__}"

    @toolvitals.tool
    async def route(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"route {request.query_params.get('x')}")

    class Routes:
        @toolvitals.tool
        async def route_method(self, request: Request) -> PlainTextResponse:
            return PlainTextResponse("method")

    server = instrumented(asked=contextual)
    assert server.custom_route("/route", methods=["GET"])(route) is route
    server.custom_route("/method", methods=["GET"])(Routes().route_method)
    with serve(DIALECT.application(server)) as address:
        async with DIALECT.connected_to(f"{address}/mcp") as client:
            assert await client.call("asked", {"x": 7}) == "7 Context"
        for x in range(3):
            assert await fetched(f"{address}/route?x={x}") == f"route {x}"
        assert await fetched(f"{address}/method") == "method"


async def fetched(url: str) -> str:
    """The body of a page, read in another thread."""

    def fetch() -> str:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return str(answer.read().decode())

    return await asyncio.to_thread(fetch)

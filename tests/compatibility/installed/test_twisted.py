"""Twisted: inlineCallbacks, coroutines as Deferreds, protocols."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from twisted.internet import defer, task
from twisted.internet.testing import StringTransport
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from twisted.web.resource import Resource

FRAMEWORK = "Twisted"
DISTRIBUTION = "twisted"


def result_of(deferred: Any) -> Any:
    """What a Deferred holds already."""
    seen: list[Any] = []
    deferred.addBoth(seen.append)
    return seen[0].type.__name__ if isinstance(seen[0], Failure) else seen[0]


@pytest.mark.calls(3)
def test_inline_callbacks(tool: Any) -> object:
    """`inlineCallbacks` over a generator that is a tool, and a tool over `inlineCallbacks`."""

    def waits(a: int) -> Any:
        b = yield defer.succeed(a)
        return b + 1

    def fails() -> Any:
        yield defer.fail(KeyError("lost"))

    return (
        result_of(defer.inlineCallbacks(tool("under")(waits))(1)),
        result_of(tool("over")(defer.inlineCallbacks(waits))(2)),
        result_of(defer.inlineCallbacks(tool("fails")(fails))()),
    )


@pytest.mark.calls(3)
def test_coroutines(tool: Any) -> object:
    """`ensureDeferred` and `Deferred.fromCoroutine` of coroutines, awaiting a Deferred."""

    @tool
    async def waits(a: int) -> int:
        return await defer.succeed(a) + 1

    async def outer() -> int:
        return await waits(10)

    return (
        result_of(defer.ensureDeferred(waits(1))),
        result_of(defer.Deferred.fromCoroutine(waits(2))),
        result_of(defer.ensureDeferred(outer())),
    )


@pytest.mark.limit("the exact type is asked for; `ensureDeferred` and `Deferred.fromCoroutine` do not")
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.calls(0)
def test_maybe_deferred(tool: Any) -> object:
    """`maybeDeferred` of a coroutine function, which asks for the exact type of what a call returns."""

    async def waits(a: int) -> int:
        return await defer.succeed(a) + 1

    result = result_of(defer.maybeDeferred(tool(waits), 3))
    if inspect.iscoroutine(result):
        result.close()
    return result


@pytest.mark.calls(4)
def test_callbacks(tool: Any) -> object:
    """Callbacks and errbacks, `maybeDeferred`, `LoopingCall` and `callLater` on a clock."""
    seen: list[Any] = []
    deferred = defer.succeed(1).addCallback(tool("callback")(lambda a: a / 0)).addErrback(tool("errback")(lambda _: 5))
    clock = task.Clock()
    clock.callLater(1, tool("later")(seen.append), "later")
    looping = task.LoopingCall(tool("looping")(lambda: seen.append("looping")))
    looping.clock = clock
    done = looping.start(3, now=False)
    clock.advance(3)
    looping.stop()
    return result_of(deferred), seen, done.called


@pytest.mark.calls(3)
def test_methods(tool: Any) -> object:
    """A protocol's `lineReceived`, a resource's `render_GET`, `cooperate` over a generator."""

    class Echo(LineReceiver):
        @tool("line_received")
        def lineReceived(self, line: bytes) -> None:
            self.sendLine(line.upper())

    class Page(Resource):
        isLeaf = True  # noqa: N815

        @tool("render")
        def render_GET(self, request: Any) -> bytes:
            return b"page"

    class Request:
        method = b"GET"

    transport = StringTransport()
    echo = Echo()
    echo.makeConnection(transport)
    echo.dataReceived(b"hello\r\n")

    @tool("steps")
    def steps() -> Any:
        yield None
        yield defer.succeed(None)

    clock = task.Clock()
    done = task.Cooperator(scheduler=lambda step: clock.callLater(0, step)).coiterate(steps())
    clock.pump([1] * 5)
    return transport.value(), Page().render(Request()), done.called

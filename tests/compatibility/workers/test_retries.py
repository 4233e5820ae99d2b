"""Retries: tenacity and backoff, which ask whether they were given a coroutine function."""

from __future__ import annotations

import asyncio
from typing import Any

import backoff
import pytest
import tenacity

FRAMEWORK = "tenacity, backoff"
DISTRIBUTION = "tenacity"


def failing(times: int) -> Any:
    """A function that fails so often before it succeeds."""
    left = [times]

    def work(a: int) -> int:
        """Works at last."""
        if left[0]:
            left[0] -= 1
            raise KeyError("not yet")
        return a

    return work


def async_failing(times: int) -> Any:
    """The same as a coroutine function."""
    work = failing(times)

    async def later(a: int) -> int:
        """Works at last."""
        return work(a)

    return later


@pytest.mark.calls(8)
def test_tenacity(tool: Any) -> object:
    """tenacity over tools, sync and async: each attempt is a call; a tool over tenacity: all attempts are one."""
    retry = tenacity.retry(stop=tenacity.stop_after_attempt(5))
    over, async_over = retry(tool("over")(failing(2))), retry(tool("async_over")(async_failing(2)))
    under, async_under = tool("under")(retry(failing(2))), tool("async_under")(retry(async_failing(2)))
    said = over(1), asyncio.run(async_over(2)), under(3), asyncio.run(async_under(4))
    return said, over.statistics["attempt_number"], over.__name__, hasattr(under, "retry")


@pytest.mark.calls(8)
def test_backoff(tool: Any) -> object:
    """backoff over tools and under them, sync and async, with a handler that is one."""
    seen: list[str] = []
    handler = tool("handler")(lambda details: seen.append(details["target"].__name__))
    retry = backoff.on_exception(backoff.constant, KeyError, max_tries=5, interval=0, jitter=None, on_backoff=handler)
    over, async_over = retry(tool("over")(failing(1))), retry(tool("async_over")(async_failing(1)))
    under = tool("under")(retry(failing(1)))
    return over(1), asyncio.run(async_over(2)), under(3), seen

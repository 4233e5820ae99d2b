"""An ASGI application that serves metrics from the time when it is loaded; it answers with its process id."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

import toolvitals as tv


@tv.tool
async def answer() -> bytes:
    return str(os.getpid()).encode()


async def application(scope: dict[str, Any], receive: object, send: Callable[[Any], Awaitable[None]]) -> None:
    assert scope["type"] == "http"
    body = await answer()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


tv.start()

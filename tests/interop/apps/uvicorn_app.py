"""An ASGI application for uvicorn's reloader; it answers with its process and its metrics."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

import toolvitals as tv

handle = tv.start()


@tv.tool
async def page() -> dict[str, object]:
    return {"pid": os.getpid(), "url": handle.json_url}


async def app(scope: dict[str, Any], receive: object, send: Callable[[Any], Awaitable[None]]) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(await page()).encode()})

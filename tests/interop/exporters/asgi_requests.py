"""Requests to an ASGI application in this process."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

__all__ = ["ask"]


def ask(app: Any, *requests: tuple[str, str], headers: dict[str, str] | None = None) -> list[httpx.Response]:
    """The answers to (method, path) requests, one after the other; what the application raises is answered with 500."""

    async def all_of_them() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://program", headers=headers) as client:
            return [await client.request(method, path) for method, path in requests]

    return asyncio.run(all_of_them())

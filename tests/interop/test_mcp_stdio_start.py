"""A stdio MCP server that cannot start says why where its client looks, on standard error, and nothing on the standard
output, which is the protocol's."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("mcp")

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

__all__: list[str] = []

pytestmark = pytest.mark.interop

SERVER = Path(__file__).with_name("apps") / "stdio_mcp.py"


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


async def call_add(errors: Path, **environment: str) -> object:
    parameters = StdioServerParameters(command=sys.executable, args=[str(SERVER)], env={**os.environ, **environment})
    with errors.open("w") as log:
        async with stdio_client(parameters, errlog=log) as (reads, writes), ClientSession(reads, writes) as session:
            await session.initialize()
            return (await session.call_tool("add", {"a": 1, "b": 2})).content[0].text


def test_the_reason_is_on_standard_error_alone(tmp_path: Path, taken: int) -> None:
    errors = tmp_path / "errors.txt"
    failed = None
    try:
        asyncio.run(asyncio.wait_for(call_add(errors, METRICS_JSON_PORT=str(taken)), 60))
    except Exception as error:
        # Each version of the client has its own for a server that is gone.
        failed = error
    assert failed is not None
    said = errors.read_text()
    assert f"port {taken} on 127.0.0.1 is already in use" in said
    assert "METRICS_ON_PORT_IN_USE=next" in said
    finished = subprocess.run(
        [sys.executable, str(SERVER)],
        env={**os.environ, "METRICS_JSON_PORT": str(taken)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert str(taken) in finished.stderr.splitlines()[-1]


def test_the_setting_that_it_names_is_the_way_out(tmp_path: Path, taken: int) -> None:
    errors = tmp_path / "errors.txt"
    settings = {"METRICS_JSON_PORT": str(taken), "METRICS_ON_PORT_IN_USE": "next"}
    assert asyncio.run(asyncio.wait_for(call_add(errors, **settings), 60)) == "3"
    assert f"because port {taken} is in use" in errors.read_text()

"""Fixtures and a hook that are tools where DECORATED is True; becomes the conftest of a run of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if os.environ["DECORATED"] == "True":
    from toolvitals import get_collector, tool

    def recorded() -> int:
        return sum(tool["total_calls"] for tool in get_collector().get_all_metrics()["tools"].values())
else:

    def tool(name: str) -> Any:
        return lambda function: function

    def recorded() -> int:
        return 0


@pytest.fixture
@tool("number")
def number() -> int:
    return 3


@pytest.fixture(params=[1, 2])
@tool("closed")
def closed(request: pytest.FixtureRequest, number: int) -> Iterator[int]:
    yield request.param + number  # noqa: PT022 (a generator is what is tried)


@tool("hook")
def pytest_collection_modifyitems(session: object, config: object, items: list[object]) -> None:
    items.reverse()


def pytest_unconfigure(config: object) -> None:
    Path("recorded").write_text(str(recorded()))

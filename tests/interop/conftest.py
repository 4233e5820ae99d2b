"""Endpoints for the tests that scrape this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import toolvitals


@pytest.fixture
def endpoints() -> Iterator[Any]:
    """Running endpoints on free ports, with every count at zero."""
    toolvitals.get_collector().reset()
    with toolvitals.start(json_port=0, prometheus_enabled=True, prometheus_port=0) as running:
        yield running


@pytest.fixture
def prometheus_url(endpoints: Any) -> str:
    """Where to scrape this process."""
    return f"http://127.0.0.1:{endpoints.prometheus_port}/metrics"

"""Decorated functions on instrumented servers of every framework and version: each call counts once, under one name."""

from __future__ import annotations

import functools
from typing import Any

import mcp_environments
import pytest

pytestmark = [pytest.mark.interop, pytest.mark.timeout(500)]

WHERE = [
    pytest.param("here", "mcp2", id="mcp2"),
    pytest.param("here", "fastmcp", id="fastmcp4"),
    pytest.param("fastmcp3", "fastmcp", id="fastmcp3"),
    pytest.param("fastmcp3", "mcp1", id="mcp1"),
    pytest.param("fastmcp2", "fastmcp", id="fastmcp2", marks=pytest.mark.slow),
]

run = functools.cache(mcp_environments.run)


@pytest.mark.parametrize(("environment", "dialect"), WHERE)
@pytest.mark.parametrize("instrumented", ["early", "late"])
def test_a_decorated_component_is_the_bare_one_and_counts_once(
    environment: str, dialect: str, instrumented: str
) -> None:
    report: dict[str, Any] = dict(run(environment, "mcp_decorated_program.py", dialect)["components"])
    assert [report.pop("descriptions early"), report.pop("descriptions late")] == [True, True]
    got = {name: [*it[instrumented], it[f"{instrumented} directly"]] for name, it in report.items()}
    expected = {name: [it["without"], _recorded(it), {it["own_name"]: [1, 0, 0]}] for name, it in report.items()}
    assert got == expected
    assert sum("refused" in it["without"] for it in report.values()) <= 4  # Before version 3 fastmcp takes no partial.
    assert len(report) == 50


def _recorded(component: dict[str, Any]) -> dict[str, list[int]]:
    return {} if component["without"].startswith("refused") else {component["name"]: [1, 0, 0]}


@pytest.mark.parametrize(("environment", "dialect"), WHERE)
def test_whatever_happens_one_call_counts_once(environment: str, dialect: str) -> None:
    report = run(environment, "mcp_decorated_program.py", dialect)["scenarios"]
    assert {name: got for name, (got, _) in report.items()} == {
        name: expected for name, (_, expected) in report.items()
    }
    assert len(report) >= 14

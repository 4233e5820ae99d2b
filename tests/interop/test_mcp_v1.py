"""instrument() on the official SDK before version 2, which most servers still run, and on the fastmcp of that time."""

from __future__ import annotations

import mcp_environments
import pytest

pytestmark = [pytest.mark.interop, pytest.mark.timeout(500)]


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ("fastmcp3", "high"),
        ("fastmcp3", "low"),
        ("fastmcp3", "fast"),
        pytest.param("fastmcp2", "fast", marks=pytest.mark.slow),
        ("oldest", "high"),
        ("oldest", "low"),
        ("oldest", "fast"),
    ],
)
def test_every_call_is_recorded_under_its_name(environment: str, kind: str) -> None:
    recorded = mcp_environments.run(environment, "mcp_v1_program.py", kind)
    assert recorded["echo"] == [2, 0, 0, {}]
    assert recorded["fail"][:3] == [0, 1, 0]
    assert recorded["fail"][3] == {"ValueError": 1}
    assert recorded["wait"] == [0, 0, 1, {}]
    assert recorded["unknown_tool"][:3] == [0, 1, 0]
    assert recorded["resource:memo://plain"] == [1, 0, 0, {}]
    assert recorded["resource:memo://items/{item}"] == [1, 0, 0, {}]
    assert recorded["prompt:greet"] == [1, 0, 0, {}]
    assert len(recorded) == 7

"""gevent and eventlet, patched first, in a process of their own."""

from __future__ import annotations

from typing import Any

import pytest
from workers.program import run

FRAMEWORK = "gevent, eventlet"
DISTRIBUTION = "gevent"


@pytest.mark.calls(10)
def test_gevent(tool: Any) -> object:
    """gevent: tools in greenlets, a pool, a generator, a killed greenlet, a patched thread."""
    return run(tool, "gevent_program.py", str(tool.decorated))


@pytest.mark.calls(6)
def test_eventlet(tool: Any) -> object:
    """eventlet: tools in a pool of greenlets, a killed greenlet."""
    return run(tool, "eventlet_program.py", str(tool.decorated))

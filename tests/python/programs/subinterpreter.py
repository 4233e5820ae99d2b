"""What a subinterpreter runs; it has a module of its own for the package."""

from __future__ import annotations

import warnings

warnings.simplefilter("ignore")

import toolvitals as tv  # noqa: E402 (the import may warn)

tv.tool(len)([])
tv.get_collector().record_tool_call("t", latency_ms=1.0)
tv.get_collector().get_all_metrics()

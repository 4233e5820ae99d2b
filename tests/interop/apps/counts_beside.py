"""Counts a call, and when its standard input has a line says how many there are by then."""

from __future__ import annotations

import toolvitals as tv

tv.get_collector().record_tool_call("real", latency_ms=1.0)
print(flush=True)
input()
print(tv.get_collector().get_all_metrics()["tools"]["real"]["total_calls"])

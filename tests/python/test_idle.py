"""A started process that nobody calls and nobody scrapes does nothing, its collectors neither."""

from __future__ import annotations

from child import result_of
from programs import idle


def test_nothing_is_collected_for_nobody() -> None:
    called, switches, woken = result_of(idle.rest, METRICS_REFRESH_INTERVAL_S="0.1")
    assert called == 0
    assert switches["tv-refresh"] == 0
    # The endpoints' thread looks once a second whether the program has closed its descriptors (docs/decisions/0025).
    assert switches["toolvitals"] <= 2
    assert set(switches) == {"tv-refresh", "toolvitals"}
    assert woken

"""prometheus_client: its decorators over tools and under them, callbacks that are tools."""

from __future__ import annotations

from typing import Any

import prometheus_client
import pytest

FRAMEWORK = "prometheus_client"
DISTRIBUTION = "prometheus_client"


@pytest.mark.calls(4)
def test_decorators(tool: Any) -> object:
    """`Histogram.time`, `Counter.count_exceptions`, `Gauge.track_inprogress`, `set_function`."""
    registry = prometheus_client.CollectorRegistry()
    histogram = prometheus_client.Histogram("h", "H", registry=registry)
    counter = prometheus_client.Counter("c", "C", registry=registry)
    gauge = prometheus_client.Gauge("g", "G", registry=registry)
    gauge.set_function(tool("gauge")(lambda: 7))

    @histogram.time()
    @tool("over")
    def over() -> int:
        """Timed."""
        return 1

    @tool("under")
    @counter.count_exceptions()
    def under() -> None:
        raise KeyError("lost")

    said = over(), over.__name__, over.__doc__
    with pytest.raises(KeyError):
        under()
    values = [registry.get_sample_value(name) for name in ("h_count", "c_total", "g")]
    return said, values, tool("plain")(lambda: 2)()

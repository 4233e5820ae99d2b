"""Instruments, registries, parsers and exposition, under the names that users of prometheus_client know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolvitals._late import getter
from toolvitals.prometheus._text import (
    CONTENT_TYPE_LATEST,
    CONTENT_TYPE_PLAIN_0_0_4,
    CONTENT_TYPE_PLAIN_1_0_0,
    generate_latest,
)
from toolvitals.prometheus.gc_collector import GC_COLLECTOR, GCCollector
from toolvitals.prometheus.metrics import (
    Counter,
    Enum,
    Gauge,
    Histogram,
    Info,
    Summary,
    disable_created_metrics,
    enable_created_metrics,
)
from toolvitals.prometheus.metrics_core import Metric
from toolvitals.prometheus.platform_collector import PLATFORM_COLLECTOR, PlatformCollector
from toolvitals.prometheus.process_collector import PROCESS_COLLECTOR, ProcessCollector
from toolvitals.prometheus.registry import REGISTRY, CollectorRegistry
from toolvitals.prometheus.tool_collector import TOOL_COLLECTOR, ToolCollector
from toolvitals.prometheus.validation import disable_legacy_validation, enable_legacy_validation

if TYPE_CHECKING:
    from toolvitals.prometheus.exposition import (
        MetricsHandler,
        delete_from_gateway,
        instance_ip_grouping_key,
        make_asgi_app,
        make_wsgi_app,
        push_to_gateway,
        pushadd_to_gateway,
        start_http_server,
        start_wsgi_server,
        write_to_textfile,
    )

__all__ = [
    "CONTENT_TYPE_LATEST",
    "CONTENT_TYPE_PLAIN_0_0_4",
    "CONTENT_TYPE_PLAIN_1_0_0",
    "GC_COLLECTOR",
    "PLATFORM_COLLECTOR",
    "PROCESS_COLLECTOR",
    "REGISTRY",
    "TOOL_COLLECTOR",
    "CollectorRegistry",
    "Counter",
    "Enum",
    "GCCollector",
    "Gauge",
    "Histogram",
    "Info",
    "Metric",
    "MetricsHandler",
    "PlatformCollector",
    "ProcessCollector",
    "Summary",
    "ToolCollector",
    "delete_from_gateway",
    "disable_created_metrics",
    "disable_legacy_validation",
    "enable_created_metrics",
    "enable_legacy_validation",
    "generate_latest",
    "instance_ip_grouping_key",
    "make_asgi_app",
    "make_wsgi_app",
    "push_to_gateway",
    "pushadd_to_gateway",
    "start_http_server",
    "start_wsgi_server",
    "write_to_textfile",
]

# Servers and pushing are late, for what speaks to a network takes its time to import.
_HOMES = {
    "toolvitals.prometheus._apps": ("make_wsgi_app",),
    "toolvitals.prometheus._push": (
        "delete_from_gateway",
        "instance_ip_grouping_key",
        "push_to_gateway",
        "pushadd_to_gateway",
    ),
    "toolvitals.prometheus._server": ("MetricsHandler", "start_http_server", "start_wsgi_server"),
    "toolvitals.prometheus._textfile": ("write_to_textfile",),
    "toolvitals.prometheus.asgi": ("make_asgi_app",),
}
# Programs take these as attributes, as they do of prometheus_client.
_MODULES = ("asgi", "decorator", "exposition", "openmetrics")

if not TYPE_CHECKING:
    __getattr__ = getter(globals(), _HOMES, _MODULES)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})

"""Which Python this is."""

from __future__ import annotations

import platform as system_platform
from collections.abc import Iterable
from typing import Any

from toolvitals.collectors import NativeCollector
from toolvitals.prometheus.metrics_core import GaugeMetricFamily, Metric
from toolvitals.prometheus.registry import REGISTRY, CollectorRegistry

__all__ = ["PLATFORM_COLLECTOR", "PlatformCollector"]


class PlatformCollector(NativeCollector):
    """`python_info`: version and implementation as labels of a gauge of 1; on the JVM also what runs Python there.

    `platform` stands in for the standard library's module of that name. `registry` None registers nowhere.
    Thread-safe.
    """

    def __init__(self, registry: CollectorRegistry | None = REGISTRY, platform: Any = None) -> None:
        self._of_this_process = platform is None
        self._platform = system_platform if platform is None else platform
        facts = self._info()
        if self._platform.system() == "Java":
            facts |= self._java()
        family = GaugeMetricFamily("python_info", "Python platform information", labels=list(facts))
        family.add_metric(list(facts.values()), 1)
        self._metrics = [family]
        if registry is not None:
            registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """The one family."""
        return self._metrics

    def native_is_shown(self) -> bool:
        """Whether it is about this process: then the native endpoint shows python_info by itself."""
        return getattr(self, "_of_this_process", False)

    def _info(self) -> dict[str, str]:
        major, minor, patchlevel = self._platform.python_version_tuple()
        return {
            "version": self._platform.python_version(),
            "implementation": self._platform.python_implementation(),
            "major": major,
            "minor": minor,
            "patchlevel": patchlevel,
        }

    def _java(self) -> dict[str, str]:
        version, _, (name, release, vendor), _ = self._platform.java_ver()
        return {"jvm_version": version, "jvm_release": release, "jvm_vendor": vendor, "jvm_name": name}


PLATFORM_COLLECTOR = PlatformCollector()

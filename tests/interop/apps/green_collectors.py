"""A patched program whose collectors are called: `green_collectors.py gevent|eventlet`.

Its greenlets count on while they are, and what they say is seen through its own patched sockets. The thread that
collects is told by the kernel's number.
"""

from __future__ import annotations

import sys

from patching import patch

patch(sys.argv[1])

import json  # noqa: E402 (patched first)
import threading  # noqa: E402
import time  # noqa: E402
import urllib.request  # noqa: E402
from collections.abc import Iterable  # noqa: E402
from typing import Any  # noqa: E402

import toolvitals as tv  # noqa: E402
import toolvitals.prometheus as ours  # noqa: E402
from toolvitals.prometheus.core import GaugeMetricFamily  # noqa: E402

main = threading.get_native_id()
seen: dict[str, int] = {}
counted = [0]


class Custom:
    def describe(self) -> Iterable[Any]:
        return []

    def collect(self) -> Iterable[Any]:
        seen["collector"] = threading.get_native_id()
        # Patched too; it blocks this thread alone.
        time.sleep(0.05)
        return [GaugeMetricFamily("custom", "h", value=1)]


def function() -> int:
    seen["function"] = threading.get_native_id()
    return 2


def hangs() -> float:
    while True:
        time.sleep(3600)


def count() -> None:
    while True:
        counted[0] += 1
        time.sleep(0.001)


threading.Thread(target=count, daemon=True).start()
ours.REGISTRY.register(Custom())
ours.Gauge("of_function", "h").set_function(function)
ours.Gauge("of_hang", "h").set_function(hangs)
endpoints = tv.start(json_port=0, refresh_interval_s=0.1, refresh_deadline_s=0.5)
while True:
    with urllib.request.urlopen(str(endpoints.json_url)) as answer:
        document = json.load(answer)
    shown = {name: family["series"] for name, family in document["metrics"].items()}
    hung = document["toolvitals"]["collectors"].get("of_hang", {}).get("hangs")
    if hung and shown.get("custom") and shown["of_function"]:
        break
    time.sleep(0.01)
before = counted[0]
while counted[0] < before + 10:
    time.sleep(0.01)
own = main not in seen.values()
values = [shown["custom"][0]["value"], shown["of_function"][0]["value"], shown["of_hang"]]
print(json.dumps([*values, hung, own]), flush=True)

"""Runs one program of this folder with one client, and prints what it exposes.

    python run.py PROGRAM ours|peer

prints a JSON object: `scrape` is the text that the program itself serves. With our client there is more: `instruments`
is the text of those of the default registry, and `native` what our native endpoint serves.
"""

from __future__ import annotations

import importlib
import json
import sys
import urllib.request

from swap import swap


def instruments_text() -> str:
    from toolvitals.prometheus import REGISTRY, CollectorRegistry, generate_latest
    from toolvitals.prometheus.metrics import MetricWrapperBase

    registry = CollectorRegistry()
    for collector in list(REGISTRY._collector_to_names):
        # The core does not know what a class of the program's own adds.
        if isinstance(collector, MetricWrapperBase) and collector._written_by_core:
            registry.register(collector)
    return generate_latest(registry).decode()


def native_text() -> str:
    import toolvitals

    endpoints = toolvitals.start(json_endpoint_enabled=False, prometheus_enabled=True, prometheus_port=0)
    with urllib.request.urlopen(f"http://127.0.0.1:{endpoints.prometheus_port}/metrics", timeout=20) as answer:
        text: str = answer.read().decode()
    endpoints.stop()
    return text


def main() -> None:
    program, client = sys.argv[1:]
    if client == "ours":
        swap()
    scrape = importlib.import_module(f"{program}_program").run()
    texts = {"scrape": scrape}
    if client == "ours":
        texts |= {"instruments": instruments_text(), "native": native_text()}
    print("\n" + json.dumps(texts))


if __name__ == "__main__":
    main()

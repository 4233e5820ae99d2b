"""dramatiq's Prometheus middleware, whose metrics are in a registry of their own, and its server's handler."""

from __future__ import annotations

import os
import tempfile
import threading
import urllib.request
from http.server import HTTPServer


def run() -> str:
    with tempfile.TemporaryDirectory() as folder:
        # Read once, when the middleware is imported; a real worker finds it set by its parent.
        os.environ["dramatiq_prom_db"] = folder  # noqa: SIM112 - the name that it has
        return work_and_scrape()


def work_and_scrape() -> str:
    import dramatiq
    from dramatiq.brokers.stub import StubBroker
    from dramatiq.middleware import prometheus

    broker = StubBroker(middleware=[])
    broker.add_middleware(prometheus.Prometheus())
    broker.emit_after("process_boot")

    @dramatiq.actor(broker=broker)
    def double(number: int) -> None:
        if number < 0:
            raise ValueError("on purpose")

    worker = dramatiq.Worker(broker, worker_timeout=10, worker_threads=1)
    worker.start()
    for number in (1, 2, -1):
        double.send(number)
    broker.join("default")
    worker.join()
    server = HTTPServer(("127.0.0.1", 0), prometheus._metrics_handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=20) as answer:
        text: str = answer.read().decode()
    server.shutdown()
    worker.stop()
    return text

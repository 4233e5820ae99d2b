"""rq-exporter's collector over workers and queues that stand in for those of a Redis, behind its WSGI application."""

from __future__ import annotations

from typing import Any

from prometheus_client import make_wsgi_app
from prometheus_client.core import REGISTRY
from rq_exporter.collector import RQCollector
from werkzeug.test import Client


class Jobs:
    def __init__(self, count: int) -> None:
        self._count = count

    def get_job_count(self, cleanup: bool = True) -> int:
        return self._count


class Queue:
    def __init__(self, name: str, connection: Any = None) -> None:
        self.name = name
        self.count = len(name)
        for place, kind in enumerate(("started", "finished", "failed", "deferred", "scheduled")):
            setattr(self, f"{kind}_job_registry", Jobs(len(name) * place))

    @classmethod
    def all(cls, connection: Any = None) -> list[Queue]:
        return [cls("low"), cls("high")]


class Worker:
    successful_job_count, failed_job_count, total_working_time = 5, 2, 1.5

    def __init__(self, name: str, state: str) -> None:
        self.name = name
        self.state = state

    def queue_names(self) -> list[str]:
        return ["low", "high"]

    def get_state(self) -> str:
        return self.state

    @classmethod
    def all(cls, connection: Any = None) -> list[Worker]:
        return [cls("w1", "busy"), cls("w2", "idle")]


def run() -> str:
    REGISTRY.register(RQCollector(object(), Worker, Queue))
    client = Client(make_wsgi_app(REGISTRY))
    assert client.get("/metrics?name[]=rq_jobs").text.count("rq_workers") == 0
    return client.get("/metrics").text

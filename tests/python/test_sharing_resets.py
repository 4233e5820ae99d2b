"""Resetting, removing and expiring, across processes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from service import Service, samples_of
from waiting import wait_until

__all__: list[str] = []


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path / "run")
    yield service
    service.end_all()


def test_reset_is_of_all(service: Service) -> None:
    first, second, third = (service.begin() for _ in range(3))
    for worker in (first, second, third):
        worker.record("search", 1.0, 2.0)
        worker.count("a", 5)
        worker.do("hit", "semantic")
        worker.do("define", "Histogram", "size", {"native": True})
        worker.do("use", "size", "observe", 0.3)
        worker.do("define", "Summary", "wait")
        worker.do("use", "wait", "observe", 0.3)
        worker.do("define", "Gauge", "g", {"multiprocess_mode": "sum"})
        worker.do("use", "g", "set", 2)
    third.kill()
    first.metrics()
    first.do("reset")
    for worker in (first, second):
        metrics = worker.metrics()
        assert metrics["tools"]["search"]["total_calls"] == 0
        assert metrics["tools"]["search"]["latency_ms"]["count"] == 0
        assert metrics["caches"]["semantic"]["hits"] == 0
        text = worker.text()
        assert samples_of(text, "jobs_total") == ['jobs_total{kind="a"} 0']
        assert samples_of(text, "size_count") == ["size_count 0"]
        assert samples_of(text, "wait_count") == ["wait_count 0"]
        assert samples_of(text, "g") == ["g 0.0"]
    # What comes counts, in whatever process, and stays when that ends; another reset comes on top.
    for worker, times in ((first, 1), (second, 2)):
        worker.record("search", *[3.0] * times)
        worker.count("a", times)
        worker.do("use", "size", "observe", 0.3)
    assert first.metrics()["tools"]["search"]["total_calls"] == 3
    assert first.metrics()["tools"]["search"]["latency_ms"]["count"] == 3
    second.kill()
    assert first.metrics()["tools"]["search"]["total_calls"] == 3
    assert samples_of(first.text(), "jobs_total") == ['jobs_total{kind="a"} 3']
    assert samples_of(first.text(), "size_count") == ["size_count 2"]
    first.do("reset")
    first.record("search", 1.0)
    assert service.begin().metrics()["tools"]["search"]["total_calls"] == 1
    assert sorted(name.rsplit(".")[-1] for name in service.files()) == ["retired", "segment", "segment"]


def test_a_process_that_resets_itself_after_another_reset_it(service: Service) -> None:
    first, second = service.begin(), service.begin()
    first.record("search", *[1.0] * 100)
    second.do("reset")
    first.record("search", *[1.0] * 10)
    assert second.metrics()["tools"]["search"]["total_calls"] == 10
    first.do("reset")
    first.record("search", *[1.0] * 5)
    for worker in (first, second):
        assert worker.metrics()["tools"]["search"]["total_calls"] == 5


@pytest.mark.parametrize(
    "removal", [("remove", "a", "x"), ("remove_by_labels", {"kind": "a"}), ("clear",)], ids=lambda removal: removal[0]
)
def test_removal_is_of_all(service: Service, removal: tuple[Any, ...]) -> None:
    first, second, third = (service.begin() for _ in range(3))
    for worker in (first, second, third):
        worker.do("define", "Counter", "events", {"labelnames": ["kind", "of"]})
        worker.do("use_child", "events", ["a", "x"], "inc", 5)
        worker.do("use_child", "events", ["b", "x"], "inc", 5)
    third.kill()
    first.metrics()
    first.do("use", "events", *removal)
    left = [] if "clear" in removal else ['events_total{kind="b",of="x"} 15']
    for worker in (first, second):
        assert samples_of(worker.text(), "events_total") == left
    # Where one is recorded into again, what comes counts.
    second.do("use_child", "events", ["a", "x"], "inc", 2)
    assert 'events_total{kind="a",of="x"} 2' in samples_of(first.text(), "events_total")
    second.kill()
    assert 'events_total{kind="a",of="x"} 2' in samples_of(first.text(), "events_total")


def test_a_series_expires_when_nobody_uses_it(service: Service) -> None:
    first, second = service.begin(), service.begin()
    for worker in (first, second):
        worker.do("define", "Counter", "brief", {"labelnames": ["kind"], "ttl_s": 2})
        worker.do("use_child", "brief", ["a"], "inc")
    begin = time.monotonic()
    # As long as one of them records, what the other one recorded is shown, however long ago that was.
    while time.monotonic() < begin + 4:
        first.do("use_child", "brief", ["a"], "inc", 0)
        assert samples_of(second.text(), "brief_total") == ['brief_total{kind="a"} 2']
    wait_until(lambda: not samples_of(second.text(), "brief_total"), "it has expired")

"""Programs with several registries, whose metrics have one name, and with children that record into them."""

from __future__ import annotations

import gc
import random
import signal
import threading
from functools import partial
from typing import Any

from programs.forking import run

import toolvitals as tv
from toolvitals.prometheus import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest

AMOUNTS = (1, 2, 4)


def _values(registry: CollectorRegistry, series: str = "jobs_total") -> list[float]:
    lines = generate_latest(registry).decode().splitlines()
    return [float(line.split()[1]) for line in lines if line.startswith(series + " ")]


def _job() -> list[float]:
    registry = CollectorRegistry()
    Counter("jobs", "Help.", registry=registry).inc(3)
    Histogram("job_seconds", "Help.", buckets=(1, 2), registry=registry).observe(1.5)
    return [*_values(registry), *_values(registry, "job_seconds_count")]


def make_a_registry_for_each_job() -> list[list[float]]:
    """They are in circles, which wait for the garbage collector."""
    gc.disable()
    run(_job)
    return [_job() for _ in range(20)]


def record_in_children() -> list[Any]:
    registries = (CollectorRegistry(), CollectorRegistry(), REGISTRY)
    counters = [Counter("jobs", "Help.", registry=registry) for registry in registries]
    for amount, counter in zip(AMOUNTS, counters, strict=True):
        counter.inc(amount)

    def child() -> None:
        for amount, counter in zip(AMOUNTS, counters, strict=True):
            counter.inc(10 * amount)
        Counter("jobs", "Help.", registry=CollectorRegistry()).inc(100)

    seen = []
    for _ in range(3):
        run(child)
        seen.append([_values(registry) for registry in registries])
    in_snapshot = [series.value for series in tv.snapshot().families["jobs"].series]
    document: Any = tv.get_collector().get_all_metrics()
    in_json = [series["value"] for series in document["metrics"]["jobs"]["series"]]
    collected = [REGISTRY.get_sample_value("jobs_total"), registries[0].get_sample_value("jobs_total")]
    return [seen, in_snapshot, in_json, collected]


def remove_in_one_registry() -> list[Any]:
    registries = (CollectorRegistry(), CollectorRegistry(), REGISTRY)
    counters = [Counter("jobs", "Help.", ["kind"], registry=registry) for registry in registries]

    def child() -> None:
        for counter in counters:
            counter.labels("a").inc()
            counter.labels("b").inc()

    def seen() -> list[list[float]]:
        return [_values(registry, f'jobs_total{{kind="{kind}"}}') for registry in registries for kind in "ab"]

    run(child)
    told = [seen()]
    counters[0].remove("a")
    told.append(seen())
    counters[2].clear()
    told.append(seen())
    counters[1].remove_by_labels({"kind": "b"})
    told.append(seen())
    return told


def drop_registries_one_by_one() -> list[list[float]]:
    seen = []
    for number in range(4):
        registry = CollectorRegistry()
        counter = Counter("jobs", "Help.", registry=registry)
        counter.inc(1)
        run(partial(counter.inc, 10))
        seen.append(_values(registry))
        del registry, counter
        if number % 2:
            gc.collect()
    return seen


class _Play:
    """Registries that come and go, each with what was recorded into its metric, by whomever."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.there: list[tuple[CollectorRegistry, Counter]] = []
        self.expected: list[int] = []

    def make(self) -> None:
        is_default = self.draw.random() < 0.1 and "jobs" not in REGISTRY._names_to_collectors
        registry = REGISTRY if is_default else CollectorRegistry()
        self.there.append((registry, Counter("jobs", "Help.", registry=registry)))
        self.expected.append(0)

    def record(self) -> None:
        which, amount = self.draw.randrange(len(self.there)), self.draw.randrange(1, 10)
        self.there[which][1].inc(amount)
        self.expected[which] += amount

    def record_in_a_child(self) -> None:
        which, amount, forks_again = (
            self.draw.randrange(len(self.there)),
            self.draw.randrange(1, 10),
            self.draw.random(),
        )
        counter = self.there[which][1]

        def child() -> None:
            counter.inc(amount)
            Counter("jobs", "Help.", registry=CollectorRegistry()).inc(1000)
            if forks_again < 0.3:
                run(lambda: counter.inc(amount))

        self.expected[which] += 2 * amount if forks_again < 0.3 else amount
        run(child)

    def drop(self) -> None:
        which = self.draw.randrange(len(self.there))
        if self.there[which][0] is not REGISTRY:
            del self.there[which], self.expected[which]
            if self.draw.random() < 0.5:
                gc.collect()

    def step(self) -> None:
        self.draw.choice([self.make, self.record, self.record, self.record_in_a_child, self.drop])()
        if not self.there:
            self.make()


def play(seed: str) -> list[Any]:
    """What was shown and should not have been."""
    played = _Play(int(seed))
    played.make()
    wrong = []
    for _ in range(60):
        played.step()
        seen = [_values(registry) for registry, _ in played.there]
        if seen != [[amount] for amount in played.expected]:
            wrong.append([seen, list(played.expected)])
    return wrong


def fork_while_another_thread_registers() -> list[Any]:
    """How many seconds the child may take is the alarm's; the signal's number is what the child ends with then."""
    held, go_on = threading.Event(), threading.Event()

    def register() -> None:
        with REGISTRY._lock:
            held.set()
            go_on.wait()

    thread = threading.Thread(target=register)
    thread.start()
    held.wait()

    def child() -> None:
        signal.alarm(20)
        registry = CollectorRegistry()
        for where in (REGISTRY, registry):
            Counter("jobs", "Help.", registry=where).inc()
        generate_latest(registry)

    status = run(child)
    go_on.set()
    thread.join()
    return [status, [metric.name for metric in REGISTRY.collect() if metric.name == "jobs"]]

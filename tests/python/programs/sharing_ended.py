"""Services whose processes come and go, and what is shown of those that have ended."""

from __future__ import annotations

import functools
import json
import logging
import os
from collections.abc import Callable
from typing import Any

from programs.forking import Service, fork_and_wait, lines, own_metrics, run, text

from toolvitals import _core as core
from toolvitals import prometheus


def _lines_with(word: str) -> list[str]:
    return [line for line in text().splitlines() if word in line]


def _count_each(service: Service, kinds: int) -> None:
    for kind in range(kinds):
        service.count(str(kind))


def expire_series_of_children() -> list[object]:
    brief = prometheus.Counter("brief", "Help.", ["session"], ttl_s=0.2)
    real = prometheus.Counter("real", "Help.", ["kind"])
    Service()
    for number in range(6):

        def child(number: int = number) -> None:
            for i in range(20):
                brief.labels(f"{number} {i}").inc()
            real.labels(f"kind {number}").inc()

        run(child)
        while lines("brief_total{session"):
            pass
    # Whoever is taken in next takes the last of them along.
    run(lambda: None)
    series = own_metrics()["series"]
    return [lines("brief_total"), len(lines("real_total")), "overflow" in "".join(lines("real")), series]


def use_what_children_recorded() -> list[object]:
    steady = prometheus.Counter("steady", "Help.", ["kind"], ttl_s=1000)
    other = prometheus.Counter("other", "Help.", ["kind"], ttl_s=1e-6)

    def child() -> None:
        steady.labels("a").inc(2)
        other.labels("a").inc()

    for _ in range(5):
        run(child)
        text()
    steady.labels("a").inc()
    return [lines("steady_total"), lines("other_total")]


def remove_under_children() -> list[object]:
    counter = Service().counter
    gauge = prometheus.Gauge("depth", "Help.", ["kind"], multiprocess_mode="sum")
    info = prometheus.Info("about", "Help.", ["kind"])
    sizes = prometheus.Histogram("sizes", "Help.", ["kind"])
    families = [counter, gauge, info, sizes]
    ends = []
    for number in range(20):
        label = f"kind {number}"
        counter.labels(label).inc()
        gauge.labels(label).set(4)
        info.labels(label).info({"version": "1"})
        sizes.labels(label).observe(1)
        ends.append(fork_and_wait(lambda: None))
        for family in families:
            family.remove(label)
    names = ("jobs_total{", "depth{", "about_info{", "sizes_count{")
    living = [lines(name) for name in names]
    for end in ends:
        end()
    text()
    return [living, [lines(name) for name in names], own_metrics()["series"]]


def _record_and_wait(record: Callable[[], object]) -> Callable[[], object]:
    """A child that records at once, and ends when the function that is returned is called."""
    reader, writer = os.pipe()

    def body() -> None:
        record()
        os.write(writer, b"x")

    end = fork_and_wait(lambda: None, body)
    os.read(reader, 1)
    return end


def clear_what_overflowed(is_open: str, ended: str) -> list[object]:
    if is_open:
        family: Any = core.CounterBase()
        family._define("folded", "Help.", "", (), open=True, max_series=1)
        family._show(0, True)
    else:
        family = prometheus.Counter("folded", "Help.", ["kind"], max_series=1)

    def record(kind: str, amount: int) -> None:
        child = family._with_attributes({"kind": kind}) if is_open else family.labels(kind)
        child.inc(amount)

    def record_three() -> None:
        record("a", 1)
        record("b", 20)
        record("c", 300)

    def seen() -> list[str]:
        return [line.partition("{")[2] for line in lines("folded_total")]

    logging.disable()  # that label sets are folded
    record_three()
    end = _record_and_wait(record_three)
    if ended:
        end()
        text()
    steps: list[object] = [seen()]
    if not is_open:
        family.remove("b")
        steps.append(seen())
    family._clear()
    steps.append(seen())
    record("b", 4)
    record("c", 5)
    steps.append(seen())
    if not ended:
        end()
        steps.append(seen())
    kept = family._with_attributes({"kind": "d"}) if is_open else family.labels("d")
    kept.inc(1000)
    family._clear()
    kept.inc(2000)
    steps.append(seen())
    return steps


def record_into_a_removed_series() -> list[object]:
    service = Service()
    service.count("a", 5)
    end = fork_and_wait(lambda: service.count("a", 2))
    service.counter.remove("a")
    before = lines("jobs_total")
    end()
    return [before, lines("jobs_total")]


def unregister_what_children_recorded(is_read: str) -> list[object]:
    seen: list[object] = []
    for _ in range(5):
        plain = prometheus.Counter("plugin", "Help.", ["kind"])
        run(plain.labels("a").inc)
        if is_read == "read":
            text()
        prometheus.REGISTRY.unregister(plain)
        seen.append(_lines_with("plugin"))
        other = prometheus.Histogram("plugin", "Help.", buckets=(1, 2))
        other.observe(1)
        seen.append(lines("plugin_count"))
        seen.append(own_metrics()["merge_conflicts"])
        prometheus.REGISTRY.unregister(other)
    again = prometheus.Counter("plugin", "Help.", ["kind"])
    again.labels("a").inc()
    return [seen, lines("plugin_total")]


def unregister_while_children_live() -> list[object]:
    plugin = prometheus.Counter("plugin", "Help.", ["kind"])
    plugin.labels("a").inc()
    ends = [fork_and_wait(lambda: plugin.labels("a").inc(2)) for _ in range(3)]
    prometheus.REGISTRY.unregister(plugin)
    seen = [_lines_with("plugin")]
    for end in ends:
        end()
    seen.append(_lines_with("plugin"))
    prometheus.REGISTRY.register(plugin)
    return [*seen, lines("plugin_total")]


def unregister_in_a_child() -> list[str]:
    plugin = prometheus.Counter("plugin", "Help.", ["kind"])
    run(lambda: plugin.labels("a").inc(2))
    end = fork_and_wait(lambda: None)

    def use_and_unregister() -> None:
        plugin.labels("a").inc()
        prometheus.REGISTRY.unregister(plugin)

    run(use_and_unregister)
    found = lines("plugin_total")
    end()
    return found


def unregister_as_a_daemon() -> list[object]:
    plugin = prometheus.Counter("plugin", "Help.", ["kind"])
    plugin.labels("a").inc()
    parent = os.getpid()
    if os.fork():
        os._exit(0)
    while os.getppid() == parent:
        pass
    before = lines("plugin_total")
    prometheus.REGISTRY.unregister(plugin)
    return [before, _lines_with("plugin")]


def remove_many(removals: str) -> list[object]:
    count, folder = int(removals), os.environ["TOOLVITALS_DIR"]
    service = Service()
    run(lambda: _count_each(service, count + 5))
    text()
    inode = os.stat(f"{folder}/retired").st_ino
    for i in range(count):
        service.counter.remove(str(i))
    kept = os.stat(f"{folder}/retired").st_ino == inode
    before = lines("jobs_total")
    journal = os.path.exists(f"{folder}/removed")
    refused = own_metrics()["refused_segments"]
    run(lambda: service.count("new"))
    after = lines("jobs_total")
    return [before, after, kept, journal, refused, os.path.exists(f"{folder}/removed")]


def remove_more_than_is_noted() -> list[object]:
    service = Service()
    run(lambda: _count_each(service, 3000))
    seen: list[object] = [len(lines("jobs_total"))]
    run(lambda: _count_each(service, 3000))
    # Of the sum, and of a child that was not taken in yet.
    for i in range(2999):
        service.counter.remove(str(i))
    seen.append(lines("jobs_total"))
    service.counter.clear()
    return [*seen, lines("jobs_total")]


def read_in_a_child() -> None:
    service = Service()
    end = fork_and_wait(lambda: service.count("a", 4))
    text()
    run(lambda: service.count("a", 3))
    text()
    service.count("a")
    run(lambda: print(json.dumps([lines("jobs_total") for _ in range(3)]), flush=True))
    end()


def set_gauges_of_thirty() -> int:
    depth = prometheus.Gauge("depth", "Help.")
    for number in range(30):
        run(functools.partial(depth.set, number + 1))
        text()
    return len(lines("depth"))

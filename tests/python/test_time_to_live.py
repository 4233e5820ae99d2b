"""ttl_s: series that leave when they are not used, and what they count when they come back."""

from __future__ import annotations

from typing import Any

from waiting import wait_until

import toolvitals as tv
from toolvitals import _core
from toolvitals.prometheus import REGISTRY, Counter, Gauge, Histogram, Summary
from toolvitals.snapshot import Delta, Snapshot
from toolvitals.testing import isolated


def test_what_comes_back_after_its_time_to_live_is_not_counted_again() -> None:
    with isolated():
        jobs, plain = Counter("ttl_jobs", "", ["name"], ttl_s=1), Counter("ttl_plain", "", ttl_s=1)
        sizes, waits = Histogram("ttl_sizes", "", ttl_s=1), Summary("ttl_waits", "", quantiles=(0.5,), ttl_s=1)
        level = Gauge("ttl_level", "", ttl_s=1)
        opened = _core.CounterBase()
        opened._define("ttl_open", "", "", (), open=True, ttl_s=1)
        opened._show(0, True)
        held, held_open = jobs.labels("held"), opened._with_attributes({"held": True})

        def record(amount: int) -> None:
            held.inc(amount)
            held_open.inc(amount)
            jobs.labels("looked up").inc(amount)
            opened._with_attributes({"held": False}).inc(amount)
            plain.inc(amount)
            level.inc(amount)
            for _ in range(amount):
                sizes.observe(1.0)
                waits.observe(1.0)

        def shown(snapshot: Snapshot | Delta) -> list[Any]:
            values = [one.value for name in names for one in snapshot.families[name].series]
            return [one if isinstance(one, int) else (one.count, one.sum) for one in values]

        names = ["ttl_jobs", "ttl_open", "ttl_plain", "ttl_sizes", "ttl_waits"]
        try:
            record(5)
            first = tv.snapshot()
            wait_until(lambda: not shown(tv.snapshot()), "all have expired")
            hidden = tv.snapshot()
            record(7)
            back = tv.snapshot()
        finally:
            for instrument in (jobs, plain, sizes, waits, level):
                REGISTRY.unregister(instrument)
            opened._show(0, False)
    seven = [7] * 5 + [(7, 7.0)] * 2
    assert shown(first) == [5] * 5 + [(5, 5.0)] * 2
    assert shown(back) == shown(back.since(hidden)) == shown(back.since(first)) == seven
    assert all(len(hidden.since(first).gone[name]) for name in names)
    # What counts nothing is what the program has made it.
    assert back.families["ttl_level"].series[0].value == 12

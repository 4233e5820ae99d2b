"""A face of one's own over instruments and collectors, without any other face."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable

import toolvitals as tv
from toolvitals import _core, collectors, instruments


class Counter(collectors.NativeCollector, _core.CounterBase):
    pass


class Gauge(collectors.NativeCollector, _core.GaugeBase):
    def native_jobs(self) -> Iterable[tuple[object, Callable[[], collectors.Job]]]:
        return instruments.function_jobs(self)


def define_and_record() -> list[object]:
    logging.getLogger("toolvitals").setLevel(logging.ERROR)
    counter, gauge = Counter(), Gauge()
    instruments.Definition("of_a_face", "Help.", "", ("a",), max_series=2).define(counter)
    instruments.Definition("gauge_of_a_face", "Help.").define(gauge)
    for value in "xyz":
        counter.labels(value).inc(2)
    counter._show(0, True)
    gauge._show(0, True)
    collectors.show_collectors_of(lambda: [counter, gauge])
    instruments.add_function(gauge, lambda: 7)
    collectors.refresh()
    metrics = tv.get_collector().get_all_metrics()["metrics"]
    return [
        {row["labels"].get("a"): row["value"] for row in metrics["of_a_face"]["series"]},
        metrics["gauge_of_a_face"]["series"][0]["value"],
        instruments.parent_of(counter.labels("x")) is counter,
        instruments.all_instruments() == [counter, gauge],
        "toolvitals.prometheus" in sys.modules,
    ]

"""snapshot/: frozen values, and what was counted between two of them, against a model that keeps its own books."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import operator
import pickle
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from canned import snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

import toolvitals as tv
from toolvitals.prometheus import REGISTRY, Counter, Enum, Gauge, Histogram, Info, Summary
from toolvitals.snapshot import (
    CacheStats,
    Exemplar,
    Family,
    FrozenDict,
    NativeHistogram,
    Series,
    Snapshot,
    ToolStats,
    WindowStats,
)
from toolvitals.snapshot import Histogram as HistogramValue
from toolvitals.snapshot import States as StatesValue
from toolvitals.snapshot import Summary as SummaryValue
from toolvitals.snapshot._snapshot import ByName
from toolvitals.testing import isolated

EMPTY = snapshot()


def with_families(created_s: float, *families: Family, at_s: float = 0.0) -> Snapshot:
    found = FrozenDict((family.name, family) for family in families)
    taken_at = EMPTY.taken_at + timedelta(seconds=at_s)
    return replace(EMPTY, created_s=created_s, taken_at=taken_at, families=ByName(lambda: found))


# --- values


def test_values_with_nan_are_equal_on_every_version() -> None:
    values = [
        Exemplar({}, math.nan),
        HistogramValue((), (), math.nan),
        SummaryValue(1, math.nan, FrozenDict({0.5: math.nan})),
        Series(FrozenDict(a="b"), math.nan),
    ]
    for value in values:
        same = replace(value)
        assert value == same
        assert value != "something else"
    assert hash(replace(values[3])) == hash(values[3])
    assert Series({}, 1.0) != Series({}, math.nan)


def test_nothing_in_a_snapshot_can_be_changed() -> None:
    with isolated() as collector:
        collector.record_tool_call("search", latency_ms=1.0)
        seen = tv.snapshot()
    for change in (
        lambda: setattr(seen, "uptime_s", 1.0),
        lambda: setattr(seen.tools["search"], "failed_calls", 1),
        lambda: operator.setitem(seen.tools, "other", seen.tools["search"]),  # type: ignore[call-overload]
        lambda: operator.delitem(seen.tools, "search"),  # type: ignore[call-overload]
        lambda: seen.caches.update(files=None),  # type: ignore[attr-defined]
        lambda: seen.families["tool_calls"].series[0].labels.clear(),  # type: ignore[attr-defined]
    ):
        with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
            change()
    with pytest.raises(TypeError, match="cannot be changed"):
        seen.own.dropped_records["arguments"] = 5  # type: ignore[index]
    assert hash(seen.tools["search"]) == hash(copy.deepcopy(seen.tools["search"]))


def test_a_snapshot_is_the_same_after_a_journey() -> None:
    with isolated() as collector:
        collector.record_tool_call("search", latency_ms=1.0)
        seen = tv.snapshot()
    arrived = pickle.loads(pickle.dumps(seen))
    assert arrived == seen
    assert arrived.families["tool_calls"] == seen.families["tool_calls"]
    assert json.loads(json.dumps(arrived.own.dropped_records)) == seen.own.dropped_records


def test_the_module_is_the_function_whatever_was_used_first() -> None:
    import toolvitals.snapshot as module

    assert isinstance(module(), Snapshot)  # type: ignore[operator]
    assert isinstance(tv.snapshot(), Snapshot)
    assert isinstance(tv.sources.ThisProcess().read(), Snapshot)


def test_every_kind_of_value() -> None:
    instruments = [
        Counter("kind_jobs", "Jobs.", ["kind"]),
        Gauge("kind_level", "Level."),
        Histogram("kind_size_bytes", "Sizes.", buckets=(1, 10), unit="bytes"),
        Summary("kind_wait", "Waits."),
        Enum("kind_state", "State.", states=["up", "down"]),
        Info("kind_build", "Build."),
        Gauge("kind_odd", "No number.", ["which"]),
    ]
    jobs, level, size, wait, state, build, odd = instruments
    try:
        jobs.labels("a").inc(3)
        jobs.labels("b").inc(2.5)
        level.set(1.5)
        for amount in (0.5, 5, 50):
            size.observe(amount, {"trace": "1"})
        wait.observe(2)
        state.state("down")
        build.info({"version": "1"})
        odd.labels("nan").set(math.nan)
        odd.labels("inf").set(math.inf)
        families = tv.snapshot().families
    finally:
        for instrument in instruments:
            REGISTRY.unregister(instrument)
    assert [(dict(one.labels), one.value) for one in families["kind_jobs"].series] == [
        ({"kind": "a"}, 3),
        ({"kind": "b"}, 2.5),
    ]
    assert type(families["kind_jobs"].series[0].value) is int
    assert families["kind_jobs"].type == "counter"
    assert families["kind_level"].series[0].value == 1.5
    sizes = families["kind_size_bytes"]
    assert (sizes.unit, sizes.help) == ("bytes", "Sizes.")
    (observed,) = sizes.series
    assert isinstance(observed.value, HistogramValue)
    assert (observed.value.bounds, observed.value.buckets) == ((1.0, 10.0), (1, 1, 1))
    assert (observed.value.count, observed.value.sum, observed.value.cumulative()) == (3, 55.5, (1, 2, 3))
    assert observed.value.native is not None
    assert observed.value.native.count == 3
    assert [dict(one.labels) for one in observed.exemplars] == [{"trace": "1"}] * 3
    assert observed.created_s is not None
    assert families["kind_wait"].series[0].value == SummaryValue(1, 2.0, {})
    assert families["kind_state"].series[0].value == StatesValue({"up": False, "down": True})
    assert families["kind_state"].series[0].value.active == ("down",)
    assert (families["kind_build"].series[0].value, families["kind_build"].series[0].labels) == (1, {"version": "1"})
    found = {one.labels["which"]: one.value for one in families["kind_odd"].series}
    assert math.isnan(found["nan"])
    assert found["inf"] == math.inf


def test_families_of_our_own_are_like_all_others() -> None:
    with isolated() as collector:
        collector.record_tool_call("search", success=False, latency_ms=20.0, error_type="TimeoutError")
        collector.record_cache_hit("files")
        seen = tv.snapshot()
    calls = {(one.labels["tool"], one.labels["outcome"]): one.value for one in seen.families["tool_calls"].series}
    assert calls["search", "error"] == 1
    durations = {one.labels["tool"]: one.value for one in seen.families["tool_call_duration_seconds"].series}
    assert durations["search"] == seen.tools["search"].durations
    assert seen.tools["search"].durations.count == seen.tools["search"].total_calls == 1
    assert {"cache_requests", "process_cpu_seconds", "python", "toolvitals_build"} <= set(seen.families)


# --- differences, against books that are kept beside


@dataclass
class Books:
    """What happened, as an auditor writes it down: everything that each life of a series has counted, and when."""

    lives: dict[str, list[int]] = field(default_factory=dict)  # counts of the life that goes on, by series
    ages: dict[str, int] = field(default_factory=dict)  # which life it is
    began: dict[str, float] = field(default_factory=dict)
    world_began: float = 1.0
    clock: float = 1.0

    def tick(self) -> float:
        self.clock += 1.0
        return self.clock

    def count(self, name: str, amount: int) -> None:
        if name not in self.lives:
            self.lives[name] = []
            self.ages[name] = self.ages.get(name, 0) + 1
            self.began[name] = self.tick()
        self.lives[name].append(amount)

    def remove(self, name: str) -> None:
        self.lives.pop(name, None)

    def reset(self) -> None:
        """All series stay and begin anew."""
        self.world_began = self.tick()
        for name in self.lives:
            self.lives[name] = []
            self.ages[name] += 1

    def restart(self) -> None:
        """Another process, with nothing."""
        self.world_began = self.tick()
        self.lives.clear()

    def page(self) -> dict[str, tuple[int, int]]:
        """Of each series which life it is in, and how many entries that life has."""
        return {name: (self.ages[name], len(entries)) for name, entries in self.lives.items()}

    def snapshot(self) -> Snapshot:
        series = tuple(
            Series(FrozenDict(name=name), sum(entries), created_s=self.began[name])
            for name, entries in self.lives.items()
        )
        observed = tuple(
            Series(
                FrozenDict(name=name),
                HistogramValue((4.0,), _buckets(entries), float(sum(entries))),
                created_s=self.began[name],
            )
            for name, entries in self.lives.items()
        )
        return with_families(
            self.world_began,
            Family("jobs", "counter", "", "", series),
            Family("sizes", "histogram", "", "", observed),
            at_s=self.clock,
        )


def _buckets(entries: list[int]) -> tuple[int, int]:
    small = sum(1 for amount in entries if amount <= 4)
    return small, len(entries) - small


NAMES = st.sampled_from(["a", "b", "c"])
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("count"), NAMES, st.integers(0, 9)),
        st.tuples(st.just("remove"), NAMES, st.just(0)),
        st.tuples(st.sampled_from(["reset", "restart", "look"]), st.just(""), st.just(0)),
    ),
    max_size=60,
)


@given(EVENTS)
def test_deltas_are_what_the_books_say_and_add_up_to_the_total(events: list[tuple[str, str, int]]) -> None:
    books = Books()
    before, page = books.snapshot(), books.page()
    added: dict[tuple[str, int], int] = {}
    seen: dict[tuple[str, int], int] = {}
    for event, name, amount in [*events, ("look", "", 0)]:
        if event == "count":
            books.count(name, amount)
        elif event == "remove":
            books.remove(name)
        elif event == "reset":
            books.reset()
        elif event == "restart":
            books.restart()
        else:
            now = books.snapshot()
            delta = now.since(before)
            for series in delta.families["jobs"].series:
                key = series.labels["name"]
                life, entries = page.get(key, (0, 0))
                fresh = books.lives[key][entries if life == books.ages[key] else 0 :]
                assert series.value == sum(fresh)
                added[key, books.ages[key]] = added.get((key, books.ages[key]), 0) + series.value
                seen[key, books.ages[key]] = sum(books.lives[key])
            for series in delta.families["sizes"].series:
                key = series.labels["name"]
                life, entries = page.get(key, (0, 0))
                fresh = books.lives[key][entries if life == books.ages[key] else 0 :]
                assert series.value == HistogramValue((4.0,), _buckets(fresh), float(sum(fresh)))
            assert {one["name"] for one in delta.gone.get("jobs", ())} == set(page) - set(books.lives)
            assert delta.restarted == (now.created_s > before.created_s)
            before, page = now, books.page()
    assert added == seen


@settings(max_examples=25, deadline=None)
@given(EVENTS)
def test_the_core_tells_series_that_came_back_from_those_that_stayed(events: list[tuple[str, str, int]]) -> None:
    with isolated() as collector:
        counter = Counter("since_jobs", "Jobs.", ["name"])
        try:
            lives: dict[str, int] = {}
            unseen: dict[str, int] = {}
            before = tv.snapshot()
            for event, name, amount in [*events, ("look", "", 0)]:
                if event == "count":
                    counter.labels(name).inc(amount)
                    collector.record_tool_call("since", latency_ms=float(amount))
                    lives[name] = lives.get(name, 0) + amount
                    unseen[name] = unseen.get(name, 0) + amount
                    unseen["calls"] = unseen.get("calls", 0) + 1
                elif event == "remove":
                    if name in lives:
                        counter.remove(name)
                    lives.pop(name, None)
                    unseen.pop(name, None)
                elif event in ("reset", "restart"):
                    collector.reset()
                    lives = dict.fromkeys(lives, 0)
                    unseen = {}
                else:
                    now = tv.snapshot()
                    delta = now.since(before)
                    found = {one.labels["name"]: one.value for one in delta.families["since_jobs"].series}
                    assert found == {name: unseen.get(name, 0) for name in lives}
                    calls = delta.tools["since"].total_calls if "since" in delta.tools else 0
                    assert calls == unseen.get("calls", 0)
                    before, unseen = now, {}
        finally:
            REGISTRY.unregister(counter)


def test_a_clock_that_is_set_back_hides_no_beginning() -> None:
    def at(taken_s: float, uptime_s: float, created_s: float, series_s: float, value: int, live: int = 1) -> Snapshot:
        made = with_families(
            created_s,
            Family("jobs", "counter", "", "", (Series(FrozenDict(), value, created_s=series_s),)),
        )
        taken_at = datetime.fromtimestamp(taken_s, timezone.utc)
        own = replace(made.own, live_processes=live)
        return replace(made, taken_at=taken_at, uptime_s=uptime_s, own=own)

    def counted(now: Snapshot, before: Snapshot) -> tuple[bool, int | float]:
        delta = now.since(before)
        value = delta.families["jobs"].series[0].value
        assert isinstance(value, (int, float))
        return delta.restarted, value

    before = at(10_000.0, 100.0, 9_900.0, 9_950.0, 3)
    # Another process, or a reset, an hour earlier by the clock.
    assert counted(at(6_400.0, 1.0, 6_399.0, 6_399.5, 5), before) == (True, 5)
    assert counted(at(7_000.0, 700.0, 6_300.0, 6_300.0, 5), before) == (True, 5)
    # The same process, in which the series was made anew; before and after the clock was set back.
    assert counted(at(6_410.0, 110.0, 9_900.0, 6_405.0, 5), before) == (False, 5)
    assert counted(at(6_410.0, 110.0, 9_900.0, 10_002.0, 5), before) == (False, 5)
    # The same series, whatever the clock shows.
    assert counted(at(6_410.0, 110.0, 9_900.0, 9_950.0, 5), before) == (False, 2)
    # A clock that was set back before both.
    set_back = at(6_500.0, 100.0, 9_900.0, 9_950.0, 3)
    assert counted(at(6_510.0, 110.0, 9_900.0, 6_505.0, 5), set_back) == (False, 5)
    # Of several processes, one with a longer past has joined.
    several = replace(before, own=replace(before.own, live_processes=2))
    assert counted(at(10_010.0, 900.0, 9_100.0, 9_200.0, 5, live=3), several) == (False, 2)
    assert counted(at(10_010.0, 900.0, 9_100.0, 9_200.0, 5, live=3), before) == (False, 2)
    # A series of a collector, which became older likewise.
    assert counted(at(10_010.0, 110.0, 9_900.0, 9_000.0, 5), before) == (False, 2)


def test_what_counts_nothing_is_as_it_is_now() -> None:
    def at(level: float, facts: str) -> Snapshot:
        return with_families(
            1.0,
            Family("level", "gauge", "", "", (Series(FrozenDict(), level),)),
            Family("build", "info", "", "", (Series(FrozenDict(version=facts), 1),)),
            Family("odd", "unknown", "", "", (Series(FrozenDict(), level),)),
        )

    delta = at(3.0, "2").since(at(5.0, "1"))
    assert delta.families["level"].series[0].value == 3.0
    assert delta.families["odd"].series[0].value == 3.0
    assert delta.families["build"].series[0].labels == {"version": "2"}
    assert delta.gone == {"build": ({"version": "1"},)}


def test_a_count_that_fell_began_anew_also_without_a_time() -> None:
    def at(value: float, observed: int) -> Snapshot:
        return with_families(
            1.0,
            Family("jobs", "counter", "", "", (Series(FrozenDict(), value),)),
            Family("waits", "summary", "", "", (Series(FrozenDict(), SummaryValue(observed, 1.5 * observed, {})),)),
        )

    delta = at(3, 2).since(at(10, 5))
    assert delta.families["jobs"].series[0].value == 3
    assert delta.families["waits"].series[0].value == SummaryValue(2, 3.0, {})
    assert at(10, 5).since(at(3, 2)).families["waits"].series[0].value == SummaryValue(3, 4.5, {})


def with_attributes(values: Iterable[tuple[Any, int]]) -> Snapshot:
    series = tuple(
        Series(FrozenDict(a=str(attribute)), value, attributes=FrozenDict(a=attribute)) for attribute, value in values
    )
    return with_families(1.0, Family("jobs", "counter", "", "", series))


def test_attributes_that_only_look_alike_are_told_apart() -> None:
    # Another NaN each time, as a pickle brings one.
    before = with_attributes(zip((1, True, "1", 1.0, (1,), (1.0,), float("nan")), range(1, 8), strict=True))
    now = with_attributes(zip((float("nan"), (1.0,), (1,), 1.0, "1", True, 1), range(10, 80, 10), strict=True))
    assert [one.value for one in now.since(before).families["jobs"].series] == [3, 14, 25, 36, 47, 58, 69]
    assert now.since(before).gone == {}


def test_of_series_that_went_the_attributes_are_told() -> None:
    gone = with_attributes([(1, 5)]).since(with_attributes([(1, 5), ("1", 5), (True, 5)])).gone
    assert [(type(one["a"]), one["a"]) for one in gone["jobs"]] == [(str, "1"), (bool, True)]


def test_a_series_with_attributes_is_none_with_labels() -> None:
    closed = with_families(1.0, Family("jobs", "counter", "", "", (Series(FrozenDict(a="1"), 5),)))
    open_ = with_attributes([("1", 7)])
    assert [one.value for one in open_.since(closed).families["jobs"].series] == [7]


def tool(calls: int, failed: int = 0, **changes: object) -> ToolStats:
    durations = HistogramValue((1.0,), (calls, failed), float(calls))
    errors = FrozenDict({"TimeoutError": failed} if failed else {})
    return replace(
        ToolStats("t", calls, failed, 0, 1, None, 1000.0 * calls, WindowStats(5), None, errors, durations), **changes
    )


def test_tools_and_caches() -> None:
    before = replace(EMPTY, tools={"t": tool(3), "gone": tool(1)}, caches={"c": CacheStats("c", 5, 3, 0, 0)})
    now = replace(EMPTY, tools={"t": tool(5, 2), "new": tool(4)}, caches={"c": CacheStats("c", 6, 3, 1, 0)})
    delta = now.since(before)
    assert delta.tools == {"t": tool(2, 2, durations=HistogramValue((1.0,), (2, 2), 2.0)), "new": tool(4)}
    assert delta.tools["t"].total_calls == 4
    assert delta.tools["t"].success_rate == 0.5
    assert delta.caches == {"c": CacheStats("c", 1, 0, 1, 0)}
    # Fewer than before, or zeroed in between: all of them are new.
    assert replace(EMPTY, tools={"t": tool(2)}).since(before).tools["t"] == tool(2)
    assert replace(now, created_s=EMPTY.created_s + 1).since(before).tools["t"] == tool(5, 2)


# --- native histograms


def native(schema: int, positive: dict[int, int], zero: int = 0, threshold: float = 0.0) -> NativeHistogram:
    return NativeHistogram(schema, threshold, zero, FrozenDict(positive), FrozenDict())


def native_since(now: NativeHistogram, before: NativeHistogram) -> NativeHistogram | None:
    def at(value: NativeHistogram) -> Snapshot:
        series = (Series(FrozenDict(), HistogramValue((), (), None, value)),)
        return with_families(1.0, Family("sizes", "histogram", "", "", series))

    value = at(now).since(at(before)).families["sizes"].series[0].value
    assert isinstance(value, HistogramValue)
    return value.native


def bucket_of(amount: float, schema: int) -> int:
    """The bucket of an amount, by the definition: the smallest i with amount <= 2^(i * 2^-schema)."""
    return math.ceil(math.log2(amount) * 2.0**schema)


AMOUNTS = st.lists(st.sampled_from([2.0**n for n in range(-20, 21)]), max_size=30)


@given(AMOUNTS, AMOUNTS, st.integers(0, 3), st.integers(0, 3))
def test_a_native_histogram_that_became_coarser(
    first: list[float], second: list[float], schema: int, halvings: int
) -> None:
    coarse = schema - halvings

    def of(amounts: list[float], schema: int) -> NativeHistogram:
        buckets: dict[int, int] = {}
        for amount in amounts:
            buckets[bucket_of(amount, schema)] = buckets.get(bucket_of(amount, schema), 0) + 1
        return native(schema, buckets)

    assert native_since(of(first + second, coarse), of(first, schema)) == of(second, coarse)


def test_a_native_histogram_whose_zero_bucket_became_wider() -> None:
    before = native(0, {-3: 2, 1: 1}, zero=1)
    # (2^-4, 2^-3] lies within 0.2 of zero, (1, 2] does not.
    assert native_since(native(0, {1: 2}, zero=5, threshold=0.2), before) == native(0, {1: 1}, zero=2, threshold=0.2)


@pytest.mark.parametrize("now", [native(1, {1: 9}), native(0, {1: 0}), native(0, {2: 9})])
def test_a_native_histogram_that_began_anew(now: NativeHistogram) -> None:
    assert native_since(now, native(0, {1: 1})) == now


def test_buckets_of_infinity_stay_those_of_infinity() -> None:
    # The bucket behind that of the largest double, in either schema.
    assert native_since(native(1, {1024 * 2 + 1: 3}), native(3, {1024 * 8 + 1: 1})) == native(1, {1024 * 2 + 1: 2})

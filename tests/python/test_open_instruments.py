"""Instruments whose series have attributes of their own: which are one, what is left out, what formats show."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from child import result_of
from programs import open_instruments
from prometheus_client.parser import text_string_to_metric_families as parse_text
from service import Service, Worker, samples_of

from toolvitals import _core as core
from toolvitals import get_collector

__all__: list[str] = []

# The largest prime of hash(int): a number and the same one beyond it have one hash.
HASH_PERIOD = 2**61 - 1


def define(base: type[Any], name: str, **options: Any) -> Any:
    instrument = base()
    instrument._define(name, "Help.", "", (), open=True, **options)
    instrument._show(0, True)
    return instrument


@pytest.fixture
def counter(request: pytest.FixtureRequest) -> Any:
    name = "open_" + "".join(c if c.isalnum() else "_" for c in request.node.name)
    made = define(core.CounterBase, name)
    yield made
    made._show(0, False)


def shown(counter: Any) -> dict[str, Any]:
    return get_collector().get_all_metrics()["metrics"][counter._name]


def dropped() -> int:
    return get_collector().get_all_metrics()["toolvitals"]["dropped_records"]["attribute"]


def test_the_order_of_keys_is_no_matter(counter: Any) -> None:
    first = counter._with_attributes({"a": "x", "b": "y"})
    assert counter._with_attributes({"b": "y", "a": "x"}) is first
    assert counter._with_attributes({"".join(["a"]): "".join(["x"]), "b": "y"}) is first
    assert counter._with_attributes({"a": "y", "b": "x"}) is not first
    assert counter._with_attributes({"a": "x"}) is not first
    assert counter._with_attributes({"a": "x", "b": "y", "c": "z"}) is not first
    assert first._attributes == {"a": "x", "b": "y"}
    assert first._labelvalues == ()
    assert counter._with_attributes(None) is counter._with_attributes({})


def test_types_are_part_of_a_value(counter: Any) -> None:
    values: list[Any] = [1, 1.0, True, "1", 0, 0.0, False, "0", ["1"], [1], [1.0], [True], [], "", "[]", ["1", "1"]]
    children = [counter._with_attributes({"a": value}) for value in values]
    assert len({id(child) for child in children}) == len(values)
    for number, child in enumerate(children):
        child.inc(number + 1)
    for number, value in enumerate(values):
        assert counter._with_attributes({"a": value}) is children[number]
        read = children[number]._attributes["a"]
        assert read == (tuple(value) if isinstance(value, list) else value)
        assert type(read) is (tuple if isinstance(value, list) else type(value))
    assert {json.dumps(series["attributes"]): series["value"] for series in shown(counter)["series"]} == {
        json.dumps({"a": value}): number + 1 for number, value in enumerate(values)
    }


def test_equal_doubles_are_one_series(counter: Any) -> None:
    assert counter._with_attributes({"a": -0.0}) is counter._with_attributes({"a": 0.0})
    assert counter._with_attributes({"a": math.nan}) is counter._with_attributes({"a": -math.nan})
    assert counter._with_attributes({"a": [-0.0, math.nan]}) is counter._with_attributes({"a": (0.0, math.nan)})
    counter._with_attributes({"a": math.nan}).inc()
    (series,) = [series for series in shown(counter)["series"] if series["value"]]
    assert (series["attributes"], series["attributes_text"]) == ({"a": None}, {"a": "NaN"})


def test_values_of_one_hash_are_told_apart(counter: Any) -> None:
    assert hash(0) == hash(HASH_PERIOD)
    assert hash(5) == hash(5 + HASH_PERIOD)
    colliding = [{"a": 0}, {"a": HASH_PERIOD}, {"a": 5}, {"a": 5 + HASH_PERIOD}, {"a": 0, "b": 5}]
    colliding += [{"a": HASH_PERIOD, "b": 5}, {"a": 0, "b": 5 + HASH_PERIOD}, {"b": 0, "a": 5}]
    for number, attributes in enumerate(colliding):
        counter._with_attributes(attributes).inc(number + 1)
    assert sorted(series["value"] for series in shown(counter)["series"]) == list(range(1, len(colliding) + 1))
    for number, attributes in enumerate(colliding):
        assert counter._with_attributes(attributes)._read()[0][1] == number + 1


class Hostile:
    def __hash__(self) -> int:
        raise RuntimeError("no hash")

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Broken(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise RuntimeError("no item")

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize(
    "value",
    [
        {"b": 1},
        [["c"]],
        b"bytes",
        {1},
        None,
        2**63,
        -(2**63) - 1,
        1j,
        [1, "a"],
        [1, True],
        [1, 1.0],
        [None],
        "\ud800",
        object,
    ],
    ids=repr,
)
def test_what_is_no_attribute_is_left_out(counter: Any, value: Any) -> None:
    before = dropped()
    counter._with_attributes({"a": value, "b": "y"}).inc()
    assert dropped() == before + 1
    assert counter._with_attributes({"b": "y"})._read()[0][1] == 1


def test_hostile_values_and_keys_never_raise(counter: Any) -> None:
    for attributes in (
        {"a": Hostile()},
        {"": "x"},
        {1: "x"},
        {"k" * 257: "x"},
        {"\ud800": "x"},
        Broken(),
        7,
        "text",
        [],
    ):
        counter._with_attributes(attributes).inc()
    assert counter._with_attributes({})._read()[0][1] == 9
    at_the_limit = {"k" * 256: "x", "i": 2**63 - 1, "j": -(2**63)}
    assert counter._with_attributes(at_the_limit)._attributes == at_the_limit


def test_types_that_derive_from_these_count_as_these(counter: Any) -> None:
    text = type("Text", (str,), {"__eq__": lambda *_: False, "__hash__": lambda _: 0})
    whole = type("Whole", (int,), {})
    assert counter._with_attributes({text("a"): text("x"), "b": whole(3)}) is counter._with_attributes(
        {"a": "x", "b": 3}
    )
    assert counter._with_attributes(type("Dict", (dict,), {})(a="x", b=3)) is counter._with_attributes(
        {"a": "x", "b": 3}
    )


def test_strict_mode_raises() -> None:
    assert "an attribute is a str" in result_of(open_instruments.strict, TOOLVITALS_STRICT="1")


def test_only_open_ones_have_attributes(counter: Any) -> None:
    closed = core.CounterBase()
    with pytest.raises(ValueError, match="not defined"):
        closed._with_attributes({})
    closed._define("closed_counter", "Help.", "", ("a",))
    with pytest.raises(ValueError, match="open=True"):
        closed._with_attributes({"a": "x"})
    with pytest.raises(ValueError, match="open=True"):
        counter._with_attributes({})._with_attributes({})
    with pytest.raises(ValueError, match="No label names"):
        counter.labels("x")
    with pytest.raises(ValueError, match="missing label values"):
        counter.inc()


@pytest.mark.parametrize(
    ("base", "options", "message"),
    [
        (core.GaugeBase, {}, "cannot show each process"),
        (core.InfoBase, {}, "not attributes"),
        (core.EnumBase, {"states": ("a",)}, "not attributes"),
    ],
)
def test_definitions_that_no_open_family_has(base: type[Any], options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        base()._define("refused", "Help.", "", (), open=True, **options)
    with pytest.raises(ValueError, match="no label names"):
        core.CounterBase()._define("refused", "Help.", "", ("a",), open=True)


def test_labels_are_made_as_opentelemetry_says(counter: Any) -> None:
    counter._with_attributes({"http.method": "GET", "http_method": "POST", "9lives": True, "ü": 1.5}).inc(2)
    counter._with_attributes({"http.route": ["a", 'b"']}).inc(3)
    counter._with_attributes({"__x": 1, "a__b": "kept", "c..d": "one"}).inc(5)
    lines = samples_of(core.render("prometheus").decode(), counter._name + "_total")
    name = counter._name + "_total"
    assert lines == [
        f'{name}{{_9lives="true",http_method="GET;POST",_="1.5"}} 2',
        f'{name}{{http_route="[\\"a\\", \\"b\\\\\\"\\"]"}} 3',
        f'{name}{{_x="1",a__b="kept",c_d="one"}} 5',
    ]


def test_no_text_shows_two_series_of_the_same_labels(counter: Any) -> None:
    for value, amount in ((1, 1), ("1", 2), (True, 4), ("true", 8)):
        counter._with_attributes({"a": value}).inc(amount)
    histogram = define(core.HistogramBase, counter._name + "_sizes", bounds=(1, 10), native=True)
    for value in (1, "1"):
        histogram._with_attributes({"a": value, "le": "x"}).observe(5)
    summary = define(core.SummaryBase, counter._name + "_wait", quantiles=(0.5,), window_size=10)
    for value, wait in ((1, 3), ("1", 100), (2, 5), (2, 5)):
        summary._with_attributes({"a": value}).observe(wait)
    gauge = define(core.GaugeBase, counter._name + "_level", gauge_mode="sum")
    for value, level in (("1", 3), (1, 7)):
        gauge._with_attributes({"a": value}).set(level)
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in parse_text(core.render("prometheus").decode())
        for sample in family.samples
        if sample.name.startswith(counter._name) and not sample.name.endswith("_created")
    }
    assert samples[(counter._name + "_total", ("a", "1"))] == 3
    assert samples[(counter._name + "_total", ("a", "true"))] == 12
    assert samples[(counter._name + "_sizes_count", ("a", "1"), ("exported_le", "x"))] == 2
    assert samples[(counter._name + "_sizes_bucket", ("a", "1"), ("exported_le", "x"), ("le", "10.0"))] == 2
    assert samples[(counter._name + "_level", ("a", "1"))] == 7
    assert samples[(counter._name + "_wait_sum", ("a", "1"))] == 103
    assert samples[(counter._name + "_wait_count", ("a", "1"))] == 2
    quantiles = {key: value for key, value in samples.items() if key[0] == counter._name + "_wait"}
    assert quantiles == {(counter._name + "_wait", ("a", "2"), ("quantile", "0.5")): 5}
    assert len(shown(counter)["series"]) == 4
    for extra in (histogram, summary, gauge):
        extra._show(0, False)


def test_threads_find_the_same_series(counter: Any) -> None:
    rounds, threads = 300, 4

    def record() -> None:
        for number in range(rounds):
            counter._with_attributes({"shared": number % 7, "type": "x"}).inc()
            counter._with_attributes({"type": ["x"], "shared": number % 5}).inc()

    workers = [threading.Thread(target=record) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    totals = {repr(series[0]): series[1] for series in counter._read()}
    assert len(totals) == 12
    assert sum(totals.values()) == 2 * rounds * threads


def test_removing_is_of_exactly_these(counter: Any) -> None:
    first = counter._with_attributes({"a": 1})
    other = counter._with_attributes({"a": 1, "b": "x"})
    first.inc()
    other.inc(2)
    assert counter._remove({"a": 1}) is True
    assert counter._remove({"a": 1}) is False
    assert counter._remove({"a": "1"}) is False
    assert [series["attributes"] for series in shown(counter)["series"]] == [{"a": 1, "b": "x"}]
    anew = counter._with_attributes({"a": 1})
    assert anew is not first
    first.inc(100)
    assert anew._read()[0][1] == 0
    counter._clear()
    assert shown(counter)["series"] == []
    counter._with_attributes({"a": 1, "b": "x"}).inc(3)
    assert [series["value"] for series in shown(counter)["series"]] == [3]


def test_what_nobody_records_into_expires(counter: Any) -> None:
    brief = define(core.CounterBase, counter._name + "_brief", ttl_s=1e-6)
    for number in range(100):
        brief._with_attributes({"n": number, "t": "x"}).inc()
    assert len(brief._read()) <= 3
    # A dict that was seen before finds nothing that is gone.
    assert brief._with_attributes({"t": "x", "n": 0})._read()[0][1] == 0
    kept = brief._with_attributes({"n": -1})
    kept.inc(5)
    for number in range(100, 120):
        brief._with_attributes({"n": number}).inc()
    assert brief._with_attributes({"n": -1}) is kept
    assert kept._read()[0][1] == 5
    brief._show(0, False)


def test_past_a_limit_totals_are_exact() -> None:
    metrics = result_of(open_instruments.fold)
    series = metrics["metrics"]["c"]["series"]
    assert len(series) == 11
    assert sum(each["value"] for each in series) == 201
    assert series[-1] == {**series[-1], "attributes": {"otel.metric.overflow": True}, "value": 191}
    assert series[-1]["labels"] == {"otel_metric_overflow": "true"}


def test_a_forked_child_counts_in_the_same_series() -> None:
    values = {json.dumps(series["attributes"]): series["value"] for series in result_of(open_instruments.fork)}
    assert values == {'{"a": 1, "b": "x"}': 11, '{"a": [1.5]}': 4}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path / "run")
    yield service
    service.end_all()


def series_of(worker: Worker) -> dict[str, Any]:
    return {json.dumps(series["attributes"]): series["value"] for series in worker.metrics()["metrics"]["o"]["series"]}


def test_processes_are_added_up_reset_and_removed(service: Service) -> None:
    first, second, third = (service.begin() for _ in range(3))
    for number, worker in enumerate((first, second, third)):
        assert worker.do("define_open", "o") is None
        worker.do("count_with", "o", {"a": 1, "b": "x"}, 1)
        worker.do("count_with", "o", {"b": "x", "a": "1"}, 10)
        worker.do("count_with", "o", {"own": [number]}, 100)
    third.kill()
    expected = {'{"a": 1, "b": "x"}': 3, '{"a": "1", "b": "x"}': 30}
    expected |= {f'{{"own": [{number}]}}': 100 for number in range(3)}
    assert series_of(first) == series_of(second) == expected
    # As text the two of the same labels are one.
    assert 'o_total{a="1",b="x"} 33' in samples_of(first.text(), "o_total")
    # Of one that lives, and of what one that has ended left.
    assert first.do("remove_attributes", "o", {"a": 1, "b": "x"}) is True
    assert first.do("remove_attributes", "o", {"own": [2]}) is False
    del expected['{"a": 1, "b": "x"}'], expected['{"own": [2]}']
    assert series_of(first) == series_of(second) == expected
    second.do("count_with", "o", {"a": 1, "b": "x"}, 5)
    assert series_of(first)['{"a": 1, "b": "x"}'] == 5
    first.do("reset")
    assert set(series_of(second).values()) == {0}
    second.do("count_with", "o", {"a": "1", "b": "x"}, 7)
    second.kill()
    assert series_of(first)['{"a": "1", "b": "x"}'] == 7


def test_what_ended_processes_left_expires(service: Service) -> None:
    for number in range(4):
        worker = service.begin(METRICS_MAX_SERIES="40")
        worker.do("define_open", "sessions", {"ttl_s": 0.05})
        for session in range(15):
            worker.do("count_with", "sessions", {"id": session, "worker": number}, 1)
        worker.text()
        worker.kill()
    last = service.begin(METRICS_MAX_SERIES="40")
    assert samples_of(last.text(), "sessions_total") == []
    assert last.metrics()["toolvitals"]["series"] < 40


def test_a_family_that_is_open_in_one_process_and_closed_in_another_is_a_conflict(service: Service) -> None:
    first, second = service.begin(), service.begin()
    first.do("define_open", "o")
    first.do("count_with", "o", {"kind": "a"}, 1)
    second.do("define", "Counter", "o", {"labelnames": ["kind"]})
    second.do("use_child", "o", ["a"], "inc", 2)
    assert series_of(first) == {'{"kind": "a"}': 1}
    assert first.metrics()["toolvitals"]["merge_conflicts"] == {"o": 1}
    # Removing by labels is not meant of attributes that look like them.
    second.do("use", "o", "remove", "a")
    assert series_of(first) == {'{"kind": "a"}': 1}
    assert samples_of(second.text(), "o_total") == []


def test_the_layout_of_before_is_refused_and_counted(service: Service) -> None:
    worker = service.begin()
    worker.do("define_open", "o")
    segment = next(path for path in service.directory.iterdir() if path.name.endswith("segment"))
    content = bytearray(segment.read_bytes())
    assert content[8:16] == (4).to_bytes(8, "little")
    content[8:16] = (3).to_bytes(8, "little")
    other = segment.with_name("1-1-1.segment")
    other.write_bytes(content)
    other.chmod(0o600)
    refused = worker.metrics()["toolvitals"]["refused_segments"]
    assert sum(refused.values()) == 1, refused

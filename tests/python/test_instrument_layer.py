"""instruments and collectors: the layer that prometheus/ and other faces stand on, without any of them."""

from __future__ import annotations

import dataclasses
import inspect
from unittest import mock

import pytest
from child import result_of
from programs import face

import toolvitals.prometheus as ours
from toolvitals import _noop
from toolvitals.collectors import NativeCollector, native
from toolvitals.instruments import Definition, all_instruments, parent_of
from toolvitals.prometheus.metrics_core import GaugeMetricFamily


def test_a_face_needs_no_other_face() -> None:
    counts, gauge, parent, known, prometheus = result_of(face.define_and_record)
    assert counts == {"x": 2, "null": 4} or counts == {"x": 2, "y": 2, "null": 2}
    assert (gauge, parent, known, prometheus) == (7, True, True, False)


def test_a_definitions_defaults_are_the_cores() -> None:
    parameters = inspect.signature(_noop.Instrument._define).parameters
    options = {name: one.default for name, one in parameters.items() if one.kind is one.KEYWORD_ONLY}
    fields = {field.name: field.default for field in dataclasses.fields(Definition)[4:]}
    assert fields == options


def test_a_definition_is_a_value() -> None:
    one = Definition("n", "d", label_names=("a",))
    assert one == Definition("n", "d", "", ("a",))
    assert hash(one) == hash(Definition("n", "d", "", ("a",)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "m"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_series": -1}, "max_series=-1 is not allowed: it must be 0"),
        ({"ttl_s": -1.0}, "ttl_s"),
        ({"gauge_mode": "some"}, "gauge_mode='some' is not allowed: it must be one of all, liveall"),
    ],
)
def test_what_is_out_of_range_is_told_when_it_is_defined(options: dict[str, object], message: str) -> None:
    gauge = _new(ours.Gauge)
    with pytest.raises(ValueError, match=message):
        Definition("out_of_range", "h", **options).define(gauge)  # type: ignore[arg-type]
    assert gauge not in all_instruments()


def _new(kind: type) -> object:
    return kind.__new__(kind)


def test_instruments_of_the_prometheus_face_are_found() -> None:
    counter = ours.Counter("found_again", "h", ["a"], registry=None)
    assert counter in all_instruments()
    assert parent_of(counter.labels("x")) is counter is parent_of(counter)


MOCKS = [mock.MagicMock(), mock.MagicMock(spec=NativeCollector), mock.MagicMock(spec=ours.GCCollector)]


@pytest.mark.parametrize("collector", [*MOCKS, mock.MagicMock(spec=ours.Counter), object(), None])
def test_no_mock_is_a_native_collector(collector: object) -> None:
    assert native(collector) is None


@pytest.mark.parametrize("collector", [ours.GC_COLLECTOR, ours.TOOL_COLLECTOR, ours.PROCESS_COLLECTOR])
def test_those_of_the_package_are(collector: object) -> None:
    assert native(collector) is collector


@pytest.mark.parametrize("kind", [NativeCollector, ours.GCCollector, ours.ToolCollector])
def test_a_mock_of_one_is_collected_as_any_other(kind: type) -> None:
    collector = mock.MagicMock(spec=kind)
    collector.collect = mock.Mock(return_value=[GaugeMetricFamily("of_a_mock", "", 1)])
    collector.describe = mock.Mock(return_value=[])
    registry = ours.CollectorRegistry()
    registry.register(collector)
    assert b"of_a_mock 1.0" in ours.generate_latest(registry)
    assert list(registry.restricted_registry(["of_a_mock"]).collect()) == []
    assert not [call for call in collector.mock_calls if "native" in call[0]]

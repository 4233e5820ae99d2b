"""Families, samples and names: as prometheus_client has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import prometheus_client.core as peer
import prometheus_client.samples as peer_samples
import pytest

from toolvitals.prometheus import metrics_core, samples, validation


@pytest.fixture
def legacy() -> Iterator[None]:
    validation.enable_legacy_validation()
    yield
    validation.disable_legacy_validation()


def families(core: Any, exemplar: Any) -> list[Any]:
    """One of each kind, from either package."""
    made = [
        core.Metric("plain", "Help.", "untyped", "seconds"),
        core.UntypedMetricFamily("a", "Help.", 1),
        core.GaugeMetricFamily("b", "Help.", labels=["x"], unit="bytes"),
        core.CounterMetricFamily("c_total", "Help.", 2, created=3.5, exemplar=exemplar),
        core.CounterMetricFamily("d", "Help.", labels=["x", "y"]),
        core.SummaryMetricFamily("e", "Help.", count_value=1, sum_value=2),
        core.HistogramMetricFamily("f", "Help.", buckets=[("1", 1, exemplar), ("+Inf", 2)], sum_value=3),
        core.HistogramMetricFamily("g", "Help.", buckets=[("-1", 1), ("+Inf", 2)], sum_value=3),
        core.GaugeHistogramMetricFamily("h", "Help.", buckets=[("1", 1), ("+Inf", 2)], gsum_value=3),
        core.InfoMetricFamily("i", "Help.", {"version": "1"}),
        core.StateSetMetricFamily("j", "Help.", {"on": True, "off": False}),
    ]
    made[0].add_sample("plain_seconds", {"x": "1"}, 4, 5)
    made[2].add_metric(["1"], 5, timestamp=6)
    made[4].add_metric(["1"], 7, created=8, timestamp=9)
    return made


def test_families_are_the_peers() -> None:
    ours = families(metrics_core, samples.Exemplar({"trace_id": "t"}, 0.5, 1.0))
    theirs = families(peer, peer_samples.Exemplar({"trace_id": "t"}, 0.5, 1.0))
    assert [str(metric) for metric in ours] == [str(metric) for metric in theirs]
    assert [metric._restricted_metric(["f_sum", "b_bytes"]) is not None for metric in ours].count(True) == 2


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: metrics_core.Metric("a", "", "strange"), "strange"),
        (lambda: metrics_core.Metric("", "", "gauge"), "empty"),
        (lambda: metrics_core.Metric("\ud800", "", "gauge"), "UTF-8"),
        (lambda: metrics_core.GaugeMetricFamily("a", "", 1, labels=["b"]), "at most one"),
        (lambda: metrics_core.SummaryMetricFamily("a", "", count_value=1), "together"),
        (lambda: metrics_core.HistogramMetricFamily("a", "", sum_value=1), "without buckets"),
        (lambda: samples.Timestamp(1, 10**9), "nanoseconds"),
    ],
)
def test_bad_families_are_refused(make: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        make()


def test_timestamps_compare_and_print() -> None:
    early, late = samples.Timestamp(-1, 500_000_000), samples.Timestamp(1, 5)
    assert early < late
    assert late >= samples.Timestamp(1, 5)
    assert float(early) == -1.5
    assert str(late) == "1.000000005"
    assert str(early) == "-1.500000000"
    assert len({late, samples.Timestamp(1, 5)}) == 1


def test_names_may_be_any_text() -> None:
    validation.validate_metric_name("größe.of things")
    assert validation.validate_label_names(["größe"]) == ("größe",)
    assert not validation.get_legacy_validation()


@pytest.mark.usefixtures("legacy")
@pytest.mark.parametrize("name", ["größe", "a.b", "1a", "a\n"])
def test_legacy_names_are_identifiers(name: str) -> None:
    with pytest.raises(ValueError, match="must match"):
        validation.validate_metric_name(name)
    with pytest.raises(ValueError, match="must match"):
        validation.validate_label_name(name)


@pytest.mark.parametrize("name", ["__name__", "", "\ud800"])
def test_labels_that_nobody_may_have(name: str) -> None:
    with pytest.raises(ValueError, match="label name"):
        validation.validate_label_name(name)


def test_reserved_labels_and_long_exemplars() -> None:
    with pytest.raises(ValueError, match="this type of metric"):
        validation.validate_label_names(["le"], reserved=["le"])
    validation.validate_exemplar({"trace_id": "x" * 120})
    with pytest.raises(ValueError, match="129"):
        validation.validate_exemplar({"trace_id": "x" * 121})

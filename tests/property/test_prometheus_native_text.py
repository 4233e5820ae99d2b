"""Native histograms in OpenMetrics' draft of 2.0.0: written and read as prometheus_client writes and reads them."""

from __future__ import annotations

from typing import Any

import prometheus_client.openmetrics.exposition as peer_openmetrics
import prometheus_client.openmetrics.parser as peer_parser
from hypothesis import given, settings
from hypothesis import strategies as st
from parser_fuzz.oracle import outcome
from prometheus_client import core as peer
from test_prometheus_parsers import NAMES, ONE_LINE, Fixed

from toolvitals.prometheus import escaping
from toolvitals.prometheus.openmetrics import exposition, parser

VERSIONS = ["1.0.0", "1.9", "2.0.0", "2.1.0", "3"]
COUNTS = st.integers(0, 2**53)
SPANS = st.lists(st.builds(peer.BucketSpan, st.integers(0, 100), st.integers(1, 5)), min_size=1, max_size=3)


@st.composite
def buckets(draw: st.DrawFn) -> tuple[Any, Any]:
    """Spans, and as many deltas; nothing, sometimes."""
    if draw(st.booleans()):
        return None, None
    spans = tuple(draw(SPANS))
    length = sum(span.length for span in spans)
    return spans, tuple(draw(st.lists(st.integers(-1000, 1000), min_size=length, max_size=length)))


@st.composite
def native_families(draw: st.DrawFn, exemplars: bool) -> list[Any]:
    """Histograms with native samples, with classic ones beside them in part."""
    made = []
    for name in draw(st.lists(NAMES, max_size=3, unique=True)):
        family = peer.HistogramMetricFamily(name, draw(ONE_LINE))
        labels = draw(st.lists(NAMES.filter(lambda label: label not in ("le", "quantile")), max_size=2, unique=True))
        for values in draw(st.lists(st.tuples(*[ONE_LINE] * len(labels)), max_size=3, unique=True)):
            pos_spans, pos_deltas = draw(buckets())
            neg_spans, neg_deltas = draw(buckets())
            marks = [peer.Exemplar({"t": "x"}, value) for value in draw(st.lists(st.floats(0, 9), max_size=2))]
            native = peer.NativeHistogram(
                draw(COUNTS),
                draw(st.floats()),
                draw(st.integers(-4, 8)),
                draw(st.floats(0, 1)),
                draw(COUNTS),
                pos_spans,
                neg_spans,
                pos_deltas,
                neg_deltas,
                tuple(marks) if exemplars else None,
            )
            family.add_sample(name, dict(zip(labels, values, strict=True)), None, native_histogram=native)
            if draw(st.booleans()):
                family.add_sample(f"{name}_count", dict(zip(labels, values, strict=True)), 3)
        made.append(family)
    return made


@settings(max_examples=25)
@given(st.sampled_from([escaping.UNDERSCORES, escaping.ALLOWUTF8]), st.sampled_from(VERSIONS), native_families(True))
def test_natives_are_written_as_the_peer_writes_them(scheme: str, version: str, made: list[Any]) -> None:
    ours = exposition.generate_latest(Fixed(made), scheme, version=version)
    assert ours == peer_openmetrics.generate_latest(Fixed(made), scheme, version=version)
    assert (b"zero_threshold" in ours) == (version >= "2" and any(family.samples for family in made))


@settings(max_examples=25)
@given(native_families(False))
def test_natives_are_read_as_the_peer_reads_them(made: list[Any]) -> None:
    for family in made:
        family.samples = [sample for sample in family.samples if sample.native_histogram]
    text = peer_openmetrics.generate_latest(Fixed(made), version="2.0.0").decode()
    ours = outcome(parser.text_string_to_metric_families, text)
    assert ours == outcome(peer_parser.text_string_to_metric_families, text)
    assert ours.families is not None
    # And what was written is what is read; labels that are none are read as no labels at all.
    for family, (_, _, _, _, samples) in zip(made, ours.families, strict=True):
        assert [sample[1] or {} for sample in samples] == [sample.labels for sample in family.samples]
        assert len(samples) == len(family.samples)

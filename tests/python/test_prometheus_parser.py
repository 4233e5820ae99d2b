"""The parser of Prometheus' text format, where it must not simply do as the property test's peer does."""

from __future__ import annotations

import pytest

from toolvitals.prometheus.openmetrics import parser as openmetrics
from toolvitals.prometheus.parser import text_fd_to_metric_families, text_string_to_metric_families
from toolvitals.prometheus.samples import Exemplar, Sample, Timestamp


def samples(text: str) -> list[Sample]:
    return [sample for metric in text_string_to_metric_families(text) for sample in metric.samples]


def test_blanks_and_commas_are_taken_as_they_come() -> None:
    assert samples('a { x = "1" , y="2" , }  3\t4000 \n') == [Sample("a", {"x": "1", "y": "2"}, 3, 4.0)]
    assert samples("  a 1\r\n") == [Sample("a", {}, 1)]


def test_names_may_be_quoted() -> None:
    assert samples('{"a.b", "c d"="e", f="g"} 1\n') == [Sample("a.b", {"c d": "e", "f": "g"}, 1)]
    [metric] = text_string_to_metric_families('# TYPE "a.b" gauge\n# HELP "a.b" Help.\n{"a.b"} 2\n')
    assert (metric.name, metric.type, metric.documentation) == ("a.b", "gauge", "Help.")
    assert metric.samples == [Sample("a.b", {}, 2)]


def test_families_are_put_together() -> None:
    text = (
        "# a comment\n"
        '# HELP calls_total Calls with \\\\ and \\n and \\".\n'
        "# TYPE calls_total counter\n"
        "calls_total 18446744073709551615\n"
        "# TYPE times summary\n"
        'times{quantile="0.5"} NaN\n'
        "times_sum 1.5\n"
        "times_count 2\n"
        "stray 1\n"
    )
    calls, times, stray = text_string_to_metric_families(text)
    assert (calls.name, calls.type, calls.documentation) == ("calls", "counter", 'Calls with \\ and \n and \\".')
    assert calls.samples == [Sample("calls_total", {}, 2**64 - 1)]
    assert [sample.name for sample in times.samples] == ["times", "times_sum", "times_count"]
    assert (stray.name, stray.type) == ("stray", "unknown")


def test_files_are_read_line_by_line() -> None:
    def lines() -> object:
        yield "a 1\n"
        raise AssertionError("the first family is complete")

    assert next(text_fd_to_metric_families(lines())).name == "a"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [
        "a",
        "a ",
        "a 0x1",
        "a 1_0",
        "a \u0661",
        "a one",
        "1a 1",
        "{} 1",
        '{a="b"} 1',
        'a{"b"} 1',
        'a{b="c} 1',
        "a{b=c} 1",
        'a{b="c"d="e"} 1',
        'a{b="c",,d="e"} 1',
        'a{b="c",b="d"} 1',
        'a{__b="c"} 1',
        "a-1",
        "a5-Inf",
        'a{b="c"d} 1',
        'a{,,b="c"} 1',
        'a{b="c",,} 1',
        "a{b} 1",
        "# TYPE a",
        "# TYPE a strange",
        "# TYPE 1a gauge",
    ],
)
def test_what_is_wrong_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(text_string_to_metric_families(line))


def test_openmetrics_keeps_exemplars_and_nanoseconds() -> None:
    text = '# TYPE a counter\na_total 1 1.000000001 # {trace_id="x # {y}"} 0.5 2\n# EOF\n'
    [metric] = openmetrics.text_string_to_metric_families(text)
    exemplar = Exemplar({"trace_id": "x # {y}"}, 0.5, Timestamp(2, 0))
    assert metric.samples == [Sample("a_total", {}, 1, Timestamp(1, 1), exemplar)]


def test_openmetrics_names_the_line_that_is_wrong() -> None:
    with pytest.raises(ValueError, match="a_total -1"):
        list(openmetrics.text_string_to_metric_families("# TYPE a counter\na_total -1\n# EOF\n"))

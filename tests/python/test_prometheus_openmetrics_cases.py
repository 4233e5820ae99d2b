"""The OpenMetrics project's own parser cases: what a parser must take, and what it must refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import prometheus_client.openmetrics.parser as peer
import pytest

from toolvitals.prometheus.openmetrics import parser

CASES = Path(__file__).parents[3] / "shared" / "data" / "openmetrics-parsers"
NAMES = sorted(path.name for path in CASES.iterdir()) if CASES.is_dir() else []


def test_the_cases_are_here() -> None:
    if not NAMES:
        pytest.skip(f"the public cases are not in {CASES}")
    assert len(NAMES) == 211


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str) -> None:
    text = (CASES / name / "metrics").read_bytes().decode()
    if json.loads((CASES / name / "test.json").read_text())["shouldParse"]:
        ours = [comparable(metric) for metric in parser.text_string_to_metric_families(text)]
        assert ours == [comparable(metric) for metric in peer.text_string_to_metric_families(text)]
    else:
        with pytest.raises(ValueError, match=r"."):
            list(parser.text_string_to_metric_families(text))


def comparable(metric: Any) -> str:
    """The family as text, in which NaN equals itself and both packages' classes look alike."""
    samples = [(*sample[:3], str(sample.timestamp), str(sample.exemplar)) for sample in metric.samples]
    return str((metric.name, metric.documentation, metric.type, metric.unit, samples))

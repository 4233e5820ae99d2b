"""_noop: metrics that are off, or an extension that cannot be loaded."""

from __future__ import annotations

from typing import Any

import pytest
from child import result_of
from programs import noop

import toolvitals as tv


def check(found: dict[str, Any]) -> None:
    assert found["same"]
    assert found["running"] is False
    assert found["ports"] == [None, None, None]
    assert found["tool"] is found["cache"] is None
    assert found["all"]["tools"] == found["all"]["caches"] == {}
    assert found["info"] == [1, 1, 2, 1]
    assert found["awaited"] == [4, 4, 1, 1]
    ours = tv.get_collector().get_all_metrics()
    assert set(found["all"]) == set(ours)
    assert set(found["all"]["system"]) == set(ours["system"])
    assert set(found["all"]["system"]["process"]) == set(ours["system"]["process"])


@pytest.mark.parametrize("word", ["false", "0", "No", "OFF"])
def test_switched_off(word: str) -> None:
    check(result_of(noop.use_everything, PERFORMANCE_METRICS_ENABLED=word))


def test_without_the_extension() -> None:
    check(result_of(noop.use_everything_without_the_extension))


def test_the_warning_names_the_cause_once() -> None:
    (said,) = result_of(noop.warnings_without_the_extension)
    assert said.startswith("RuntimeWarning toolvitals records nothing")
    assert "toolvitals._core" in said


def test_switched_off_it_does_not_even_load_the_extension() -> None:
    assert result_of(noop.loads_the_extension, PERFORMANCE_METRICS_ENABLED="0") is False


def test_switched_off_a_bad_setting_still_raises_at_start() -> None:
    assert "json_port=70000" in result_of(noop.start_with_a_bad_port, PERFORMANCE_METRICS_ENABLED="0")


def test_it_cannot_be_switched_on_after_the_import() -> None:
    assert "before the import" in result_of(noop.switch_on, PERFORMANCE_METRICS_ENABLED="0")


def test_start_can_switch_off_what_follows() -> None:
    assert result_of(noop.switch_off_what_follows) is True

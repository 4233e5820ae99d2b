"""_core.render_tools and render_instruments: texts that are lent, whose memory is used again when they are gone."""

from __future__ import annotations

import gc
import threading

import pytest

import toolvitals as tv
from toolvitals import _core, prometheus

pytestmark = pytest.mark.usefixtures("from_zero")


def _counter(name: str, series: int) -> prometheus.Counter:
    counter = prometheus.Counter(name, "Counts.", ["label"], registry=None)
    for i in range(series):
        counter.labels(f"value {i}").inc(i)
    return counter


def test_a_text_stays_while_others_are_rendered() -> None:
    tool = tv.get_collector().tool("kept")
    views = []
    for calls in range(8):
        tool.record_call(latency_ms=1.0)
        views.append((_core.render_tools(False)[0], f'tool_calls_total{{tool="kept",outcome="success"}} {calls + 1}\n'))
    assert len({bytes(view) for view, _ in views}) == 8
    for view, line in views:
        assert line.encode() in bytes(view)


def test_a_part_keeps_the_whole() -> None:
    first, second = _counter("first", 200), _counter("second", 300)
    parts = _core.render_instruments([first, second], False, False)
    expected = [bytes(part or b"") for part in parts]
    del parts[0]
    kept = parts[0]
    del parts
    gc.collect()
    for _ in range(6):
        _core.render_instruments([first, first, second], True, True)
    assert kept == expected[1]
    assert expected[0].startswith(b"# HELP first_total Counts.\n")
    assert expected[1].startswith(b"# HELP second_total Counts.\n")
    assert expected[1].count(b"\n") == 302


def test_what_python_has_to_write_takes_no_part() -> None:
    names = [_counter("first", 2), prometheus.Counter("not.plain", "Counts.", registry=None), _counter("third", 1)]
    first, second, third = _core.render_instruments(names, False, False)
    assert second is None
    assert bytes(first or b"").count(b"\n") == 4
    assert bytes(third or b"").count(b"\n") == 3


def test_a_text_is_not_for_writing() -> None:
    view = _core.render_tools(False)[0]
    assert view.readonly
    assert view.format == "B"


def test_threads_have_texts_of_their_own() -> None:
    counters = [_counter(f"thread{i}", 50 * (i + 1)) for i in range(4)]
    wrong: list[int] = []

    def work(i: int) -> None:
        for _ in range(200):
            (part,) = _core.render_instruments([counters[i]], False, False)
            if bytes(part or b"").count(b"\n") != 50 * (i + 1) + 2:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong

"""cli/_checks.py and cli/_folder_checks.py: each finding once, and nothing where nothing is wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from canned import NOW, document, observation, segment, tool

from toolvitals.cli import _checks, _folder_checks, _overflow_checks, _record_checks
from toolvitals.cli._facts import Facts, Finding, Folder
from toolvitals.cli.doctor import CHECKS, examine
from toolvitals.testing import isolated

OURS = Folder("/run/service", 0o700, 1000, 1000)
Check = Callable[[Facts], Iterator[Finding]]
USED = {"search": tool(total_calls=1)}
LIMITS = {"max_series": 100, "memory_bytes": 1000, "window_size": 10}


def endpoint(**changes: Any) -> Facts:
    return Facts(observation(document(**changes), date=NOW), "0.1.0")


def folder(*segments: dict[str, Any], retired: int = 0, **changes: Any) -> Facts:
    return Facts(observation(document(**changes), segments, retired), "0.1.0", folder=OURS)


def own(**changes: Any) -> Facts:
    return endpoint(toolvitals={**document()["toolvitals"], **changes})


def found_by(check: Check, facts: Facts) -> list[tuple[str, str]]:
    return [(finding.severity, finding.text) for finding in check(facts)]


def only(check: Check, facts: Facts) -> Finding:
    (finding,) = check(facts)
    assert finding.severity == "ok" or finding.advice
    return finding


@pytest.mark.parametrize(
    "facts", [endpoint(tools=USED), folder(segment(), retired=2, tools=USED)], ids=["endpoint", "folder"]
)
def test_nothing_is_wrong(facts: Facts) -> None:
    findings = examine(facts)
    assert {finding.severity for finding in findings} == {"ok"}
    assert all(finding.advice is None for finding in findings)


def test_the_worst_is_first() -> None:
    findings = examine(
        dataclasses.replace(folder(segment(state="refused"), tools=USED), folder=dataclasses.replace(OURS, mode=0o755))
    )
    assert [finding.severity for finding in findings[:3]] == ["error", "warning", "note"]
    assert {finding.severity for finding in findings[3:]} == {"ok"}


def test_there_is_a_test_of_each_check_here() -> None:
    # Those of what was recorded have a file of their own.
    names = {check.__name__ for check in CHECKS} - set(_record_checks.__all__)
    assert names == {*_checks.__all__, *_folder_checks.__all__, *_overflow_checks.__all__} - {"permissions_of"}


# --- the clock


def clock(taken: str, date: datetime | None = NOW) -> tuple[str, str]:
    seen = observation(document(timestamp=taken), answered_at=NOW + timedelta(seconds=1), date=date)
    facts = Facts(seen, "0.1.0")
    finding = only(_checks.check_clock, facts)
    return finding.severity, finding.text


@pytest.mark.parametrize("taken", ["2026-01-31T11:59:58.000000Z", "2026-01-31T12:00:03.000000Z"])
def test_a_fresh_snapshot(taken: str) -> None:
    assert clock(taken)[0] == "ok"
    assert clock(taken, None)[0] == "ok"


def test_a_clock_that_is_ahead_or_behind() -> None:
    said = ("warning", "The clock that the snapshot was taken by is 10 min ahead of this machine's.")
    assert clock("2026-01-31T12:10:01.000000Z") == said
    assert clock("2026-01-31T12:10:01.000000Z", NOW + timedelta(minutes=10)) == said
    assert clock("2026-01-31T12:10:01.000000Z", None) == said
    said = ("warning", "The clock that the snapshot was taken by is 10 min 1 s behind this machine's.")
    assert clock("2026-01-31T11:50:00.000000Z", NOW - timedelta(minutes=10)) == said
    assert clock("2026-01-31T11:50:00.000000Z", None) == said


def test_an_answer_that_something_kept() -> None:
    assert clock("2026-01-31T11:50:00.000000Z") == ("warning", "The snapshot was 10 min 1 s old when it arrived.")


# --- dropped records


def test_dropped_records() -> None:
    dropped = {"latency_nan": 2, "name_empty": 1, "latency_type": 0, "of_tomorrow": 3}
    assert found_by(_checks.check_dropped, own(dropped_records=dropped)) == [
        ("warning", "2 records had a latency that is not a number and were not counted."),
        ("warning", "1 record had an empty name and was not counted."),
        ("warning", "3 records had what of_tomorrow names and were not counted."),
    ]


def test_every_reason_of_the_core_has_words() -> None:
    with isolated() as collector:
        reasons = set(collector.get_all_metrics()["toolvitals"]["dropped_records"])
    assert reasons == set(_checks._DROPPED)


# --- overflow


def test_a_family_that_overflowed() -> None:
    told = {
        "records": 1200,
        "distinct_values": {"shop": 3, "user": 998},
        "busiest": [{"label": "user", "value": f"u{n}\x1b", "count": 5 - n, "error": 0} for n in range(5)],
    }
    finding = only(
        _overflow_checks.check_overflow,
        own(overflow={"orders": told}, series=10_000, limits={**LIMITS, "max_series": 10_000}),
    )
    assert finding.severity == "warning"
    assert finding.text == (
        "1,200 records of orders found no room for their labels. All families together have the 10,000 label sets that "
        "METRICS_MAX_SERIES allows. The label user has 998 different values. "
        r"Refused most often: user=u0\x1b, user=u1\x1b, user=u2\x1b."
    )
    assert finding.advice == (
        "Use labels with few values (a kind, not an id or a text), let series that nobody records into expire (ttl_s), "
        "or raise METRICS_MAX_SERIES."
    )


def overflowed(*label_sets: dict[str, str], **changes: Any) -> Facts:
    """One family that overflowed, in a store that has room but for `changes`."""
    orders = {"type": "counter", "series": [{"labels": labels, "value": 1} for labels in label_sets]}
    own = {**document()["toolvitals"], "overflow": {"orders": {"records": 1}}, "limits": LIMITS, **changes}
    return endpoint(metrics={"orders": orders}, toolvitals=own)


def limit_of(facts: Facts) -> tuple[str, str | None]:
    """What is said of the limit, and what to do about it."""
    finding = only(_overflow_checks.check_overflow, facts)
    _, _, text = finding.text.partition("their labels. ")
    _, _, advice = (finding.advice or "").rpartition("(ttl_s), or ")
    return text, advice


def test_the_limit_that_was_reached_is_named() -> None:
    rest = {"otel_metric_overflow": "true"}
    all_of = limit_of(overflowed({"a": "x"}, rest, series=101, memory_bytes=10))
    assert all_of == (
        "All families together have the 100 label sets that METRICS_MAX_SERIES allows.",
        "raise METRICS_MAX_SERIES.",
    )
    assert limit_of(overflowed({"a": "x"}, rest, series=50, memory_bytes=950)) == (
        "All families together take 950 B of the 1000 B that METRICS_MEMORY_LIMIT_MB allows.",
        "raise METRICS_MEMORY_LIMIT_MB.",
    )
    # One of another version does not tell its limits.
    for changes in ({"series": 50}, {"series": 200, "limits": {}}):
        assert limit_of(overflowed({"a": "x"}, {"a": "y"}, rest, memory_bytes=10, **changes)) == (
            "orders has 2 label sets, which is its limit (max_series).",
            "raise its max_series.",
        )
    assert limit_of(overflowed({"a": "x"}, rest, series=100, processes={"live": 2})) == (
        "orders has 1 label set in all processes together, and limits are of each.",
        "raise its max_series, METRICS_MAX_SERIES (100 in the process that answers) or METRICS_MEMORY_LIMIT_MB (1000 B "
        "in the process that answers).",
    )


def test_the_limit_of_what_a_metrics_server_is_sent_is_named() -> None:
    orders = {"type": "counter", "series": [{"labels": {"a": str(n)}, "value": 1} for n in range(1000)]}
    lines = {"type": "counter", "series": [{"labels": {"result": "accepted"}, "value": 1}]}
    own = {**document()["toolvitals"], "overflow": {"orders": {"records": 1}}, "limits": LIMITS, "memory_bytes": 10}
    facts = endpoint(metrics={"orders": orders, "toolvitals_ipc_lines": lines}, toolvitals=own)
    assert limit_of(facts)[0] == "A metrics server keeps 1,000 label sets of a metric that it is sent."


@pytest.mark.parametrize("told", [{}, {"busiest": 1, "distinct_values": []}, {"busiest": [1]}])
def test_a_family_that_overflowed_and_tells_nothing_of_it(told: Any) -> None:
    text = only(_overflow_checks.check_overflow, own(overflow={"orders": told})).text
    assert text.startswith("0 records of orders found no room for their labels. orders has 0 label sets, ")


def test_tools_caches_and_errors_that_overflowed() -> None:
    tools = {
        "overflow": tool(total_calls=1),
        "b": tool(error_types={"overflow": 1, "E": 3}),
        "a": tool(error_types={"overflow": 1}),
        "c": tool(error_types={"E": 1}),
    }
    # The core tells of these names a second time, by family.
    own = {
        **document()["toolvitals"],
        "overflow": {"app_tool_calls": {"records": 1}, "app_cache_requests": {"records": 2}},
    }
    facts = endpoint(tools=tools, caches={"overflow": {"hits": 2000}}, toolvitals=own, namespace="app")
    assert [text for _, text in found_by(_overflow_checks.check_overflow, facts)] == [
        "1 call went to the common series overflow, because there was no room for more names.",
        "2,000 requests to caches went to the common series overflow, because there was no room for more names.",
        "There are more types of error than are told apart: 2 tools (a, b).",
    ]


# --- room


@pytest.mark.parametrize(
    ("series", "memory_bytes", "severities"),
    [
        (89, 899, ["ok"]),
        (90, 0, ["warning"]),
        (100, 0, ["warning"]),
        (101, 0, ["warning"]),
        (0, 950, ["warning"]),
        (95, 950, ["warning", "warning"]),
    ],
)
def test_a_store_that_is_nearly_full(series: int, memory_bytes: int, severities: list[str]) -> None:
    told = {"series": series, "memory_bytes": memory_bytes, "limits": LIMITS}
    assert [severity for severity, _ in found_by(_checks.check_room, own(**told))] == severities
    assert not found_by(_checks.check_room, own(**told, processes={"live": 2}))
    assert not found_by(_checks.check_room, folder(toolvitals={**document()["toolvitals"], **told}))


def test_a_process_that_does_not_tell_its_limits_is_not_judged_by_them() -> None:
    assert only(_checks.check_room, own(series=10**6)).severity == "ok"


def test_what_is_said_of_a_store_that_is_nearly_full() -> None:
    facts = own(series=95, memory_bytes=10, limits=LIMITS)
    assert only(_checks.check_room, facts).text == (
        "The store is nearly full of label sets: 95 of the 100 that METRICS_MAX_SERIES allows (95.0%)."
    )


# --- collectors


def test_collectors_that_fail_and_that_are_late() -> None:
    def collector(**changes: Any) -> dict[str, Any]:
        return {"failures": 0, "hangs": 0, "hanging_seconds": None, "age_seconds": None, **changes}

    collectors = {
        "app.Failed": collector(failures=1, age_seconds=5.0),
        "app.Hangs": collector(failures=2, hangs=3, hanging_seconds=61.5),
        "app.Well": collector(age_seconds=1.0),
        "queue_length": collector(hangs=2, age_seconds=5.0),
    }
    assert found_by(_checks.check_collectors, own(collectors=collectors, stale_reads=2)) == [
        ("warning", "The collector app.Failed raised 1 time; what it shows is 5 s old."),
        (
            "warning",
            "The collector app.Hangs has been running for 1 min 1 s and holds a thread; it has shown nothing yet.",
        ),
        ("warning", "The collector app.Hangs raised 2 times; it has shown nothing yet."),
        ("warning", "The collector queue_length took longer than it may 2 times; what it shows is 5 s old."),
        ("warning", "Values of custom collectors were too old 2 times when they were shown."),
    ]


def test_a_process_of_before_that_tells_nothing_of_collectors() -> None:
    toolvitals = {key: value for key, value in document()["toolvitals"].items() if key != "collectors"}
    assert only(_checks.check_collectors, endpoint(toolvitals=toolvitals)).severity == "ok"


# --- hanging calls


def test_a_call_that_hangs() -> None:
    tools = {
        "slow": tool(in_progress=2, oldest_in_progress_ms=300_000.0),
        "quick": tool(in_progress=1, oldest_in_progress_ms=299_999.0),
        "idle": tool(),
    }
    said = ("warning", "A call of slow has been running for 5 min (2 in progress).")
    assert found_by(_checks.check_hanging, endpoint(tools=tools)) == [said]
    patient = dataclasses.replace(endpoint(tools=tools), hanging_s=301)
    assert only(_checks.check_hanging, patient).severity == "ok"


# --- folders


@pytest.mark.parametrize(
    ("mode", "owner", "severities"),
    [
        (0o700, 1000, ["ok"]),
        (0o750, 1000, ["warning"]),
        (0o711, 1000, ["warning"]),
        (0o500, 1000, ["warning"]),
        (0o1700, 1000, ["warning"]),
        (0o770, 1000, ["error"]),
        (0o1777, 1000, ["error"]),
        (0o700, 0, ["warning"]),
        (0o777, 0, ["warning", "error"]),
    ],
)
def test_permissions(mode: int, owner: int, severities: list[str]) -> None:
    facts = dataclasses.replace(folder(), folder=Folder("/run/service", mode, owner, 1000))
    assert [severity for severity, _ in found_by(_folder_checks.check_permissions, facts)] == severities


def test_processes() -> None:
    assert found_by(_folder_checks.check_processes, folder(segment(), segment(), segment(state="dead"), retired=1)) == [
        ("ok", "2 processes of the service now, and 1 process before.")
    ]
    assert found_by(_folder_checks.check_processes, folder(segment(state="dead"))) == [
        ("note", "No process of the service runs now; what 0 processes counted is there.")
    ]


def test_dead_segments() -> None:
    dead = [segment(pid=pid, state="dead") for pid in range(1, 8)]
    said = "7 processes ended and left a segment (pid 1, 2, 3, 4, 5 and 2 more). What they recorded is counted."
    assert found_by(_folder_checks.check_dead, folder(*dead)) == [("note", said)]
    # A pool of workers that has ended is no fault, whoever else runs.
    assert found_by(_folder_checks.check_dead, folder(segment(), *dead)) == [("note", said)]


def test_files_that_are_not_counted() -> None:
    files = [
        segment(name="a", state="refused", reason="truncated"),
        segment(name="b", state="refused", reason="by tomorrow\x1b"),
        segment(name="c", state="refused", reason="truncated"),
        segment(name="d\n", state="foreign", reason="foreign"),
        segment(name="e", state="foreign", reason=None),
        segment(name="f", state="refused", reason="junk"),
        segment(name="g", state="refused", reason="version"),
    ]
    check = _folder_checks.check_files
    # The document of a folder counts the same files once more.
    told = {**document()["toolvitals"], "refused_segments": {"truncated": 2, "junk": 1}}
    assert found_by(check, folder(segment(), *files, toolvitals=told)) == [
        ("warning", "1 file among the segments is not counted, for it is foreign: e"),
        ("warning", r"1 file among the segments is not counted, for it belongs to another user: d\n"),
        ("error", r"1 file among the segments is not counted, for it is refused (by tomorrow\x1b): b"),
        ("warning", "1 file among the segments is not counted, for it is none of toolvitals: f"),
        ("error", "2 files among the segments are not counted, for each was cut off: a, c"),
        (
            "warning",
            "1 file among the segments is not counted, for it has the layout of another version of toolvitals: g",
        ),
    ]
    assert [finding.check for finding in check(folder(*files))] == ["files"] * 5 + ["layouts"]


def test_files_that_an_endpoint_does_not_count() -> None:
    facts = own(refused_segments={"junk": 2, "version": 1, "empty": 0, "header": None})
    assert [(finding.check, finding.text) for finding in _folder_checks.check_files(facts)] == [
        ("files", "2 files among the segments are not counted, for each is none of toolvitals."),
        (
            "layouts",
            "1 file among the segments is not counted, for it has the layout of another version of toolvitals.",
        ),
    ]
    assert not found_by(_folder_checks.check_files, own(refused_segments={}))


def test_layouts() -> None:
    assert not found_by(_folder_checks.check_layouts, folder(segment(layout_version=None)))
    old = segment(state="refused", layout_version=1)
    assert found_by(
        _folder_checks.check_layouts, folder(segment(layout_version=2), segment(layout_version=2), old)
    ) == [
        (
            "warning",
            "The segments are of different layouts, and no process counts those of another than its own: "
            "1 segment of layout 1, 2 segments of layout 2.",
        )
    ]


def test_versions() -> None:
    check = _folder_checks.check_versions
    mixed = folder(segment(), segment(version="0.2.0\x1b"), segment(), segment(version=None))
    assert found_by(check, mixed) == [
        ("warning", r"The processes run different versions of toolvitals: 0.1.0 in 2, 0.2.0\x1b in 1.")
    ]
    assert found_by(check, folder(segment(), segment(state="dead", version="0.0.9")))[0][0] == "ok"
    said = ("note", "The service has toolvitals 0.2.0, and this command is of 0.1.0.")
    assert found_by(check, folder(segment(version="0.2.0"))) == [said]
    assert found_by(check, own(version="0.2.0")) == [said]
    assert not found_by(check, own(version=None))


def test_retired_files() -> None:
    fine = segment(name="", pid=0, state="retired")
    assert not found_by(_folder_checks.check_retired, folder(fine))
    copied = folder(segment(), segment(name="retired", state="refused", reason="service"))
    assert found_by(_folder_checks.check_retired, copied) == [
        (
            "error",
            "The counts of processes that ended are not shown, for their file belongs to another service: retired",
        )
    ]
    assert found_by(_folder_checks.check_files, copied)[0][0] == "ok"
    two = folder(segment(name="retired", state="retired"), segment(name="retired.1", state="retired"))
    assert found_by(_folder_checks.check_retired, two) == [
        ("error", "There is more than one file with the counts of processes that ended: retired, retired.1")
    ]


# --- sharing


def test_processes_whose_records_are_not_shown() -> None:
    facts = own(processes={"live": 3, "retired": 0, "unshared": 2}, merge_conflicts={"orders": 1})
    assert found_by(_checks.check_sharing, facts) == [
        (
            "warning",
            "1 process defined orders in another way than the others, and what they record of it is not shown.",
        ),
        ("warning", "2 forked processes found no room to share what they record."),
    ]


def test_segments_of_the_future() -> None:
    now = NOW.timestamp()
    assert not found_by(_folder_checks.check_future, folder(segment(created_unix=now + 2)))
    facts = folder(segment(name="a", created_unix=now + 60), segment(name="b", created_unix=now + 120), segment())
    assert found_by(_folder_checks.check_future, facts) == [
        ("warning", "2 segments were made in the future, by up to 2 min: a, b")
    ]


def test_checks_of_folders_say_nothing_of_an_endpoint() -> None:
    quiet = set(_folder_checks.__all__) - {"check_versions", "permissions_of"}
    assert [list(getattr(_folder_checks, name)(endpoint())) for name in sorted(quiet)] == [[]] * len(quiet)

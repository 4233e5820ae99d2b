"""The checks of any source: from facts to findings, one function each. None of them reads or writes anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from toolvitals.cli._facts import Facts, Finding
from toolvitals.cli._rows import count, number
from toolvitals.cli._words import byte_size, count_of, duration, grouped, percent, printable

__all__ = [
    "check_clock",
    "check_collectors",
    "check_dropped",
    "check_hanging",
    "check_room",
    "check_sharing",
]

# Clocks of machines that are kept right differ by less; a `Date` header is cut to the second besides.
_CLOCK_TOLERANCE = timedelta(seconds=2)
_DATE_TOLERANCE = timedelta(seconds=3)
_NEARLY_FULL = 0.9

# Reason of a dropped record: what was wrong with it, and what to do.
_DROPPED = {
    "latency_negative": ("a negative latency", "measure with time.perf_counter(), which never goes back"),
    "latency_nan": ("a latency that is not a number", "look at how the latency is computed"),
    "latency_infinite": ("an infinite latency", "look at how the latency is computed"),
    "latency_type": ("a latency that is no real number", "give latency_ms as an int or a float"),
    "value_not_finite": ("a NaN or an infinity", "look at how the value is computed"),
    "name_type": ("a name that is no string", "give names as str"),
    "name_empty": ("an empty name", "look at where the name comes from"),
    "name_too_long": ("a name of more than 256 bytes", "name the kind of thing, not the thing itself"),
    "name_encoding": ("a name that UTF-8 cannot encode, or with NUL in it", "decode bytes before they become names"),
    "error_type": ("an error type that is no name", "give the name of the exception's class"),
    "arguments": ("missing, repeated or unknown arguments", "look at the call's signature"),
}
_STRICT = "TOOLVITALS_STRICT=1 makes such a record raise, which shows where it comes from"


def check_clock(facts: Facts) -> Iterator[Finding]:
    """The snapshot's time against this machine's, and against the `Date` of the answer."""
    reading = facts.reading
    taken = _instant(reading.document.get("timestamp"))
    if taken is None:
        yield Finding("clock", "warning", "The snapshot does not say when it was taken.", "Ask the endpoint directly.")
    elif reading.asked_at - _CLOCK_TOLERANCE <= taken <= reading.answered_at + _CLOCK_TOLERANCE:
        yield Finding("clock", "ok", "The snapshot is fresh, and its clock agrees with this machine's.")
    elif (
        reading.date is not None and abs(reading.date - reading.answered_at) < _DATE_TOLERANCE and taken < reading.date
    ):
        age = duration((reading.answered_at - taken).total_seconds())
        yield Finding(
            "clock",
            "warning",
            f"The snapshot was {age} old when it arrived.",
            "Something between keeps answers: have it pass requests on, as `Cache-Control: no-store` asks.",
        )
    else:
        ahead = (taken - reading.answered_at).total_seconds()
        how = f"{duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'}"
        yield Finding(
            "clock",
            "warning",
            f"The clock that the snapshot was taken by is {how} this machine's.",
            "Set both by NTP. Durations are right all the same: they are measured by clocks that do not jump.",
        )


def check_dropped(facts: Facts) -> Iterator[Finding]:
    """Records that were not counted, by reason."""
    dropped = _object(facts.reading.document["toolvitals"], "dropped_records")
    found = {reason: count(dropped, reason) for reason in dropped}
    for reason, records in found.items():
        if records:
            what, advice = _DROPPED.get(reason, (f"what {printable(reason)} names", "look up the reason"))
            yield Finding(
                "dropped-records",
                "warning",
                f"{count_of(records, 'record')} had {what} and {'was' if records == 1 else 'were'} not counted.",
                f"{advice[0].upper()}{advice[1:]}; {_STRICT}.",
            )
    if not any(found.values()):
        yield Finding("dropped-records", "ok", "No record was dropped.")


def check_room(facts: Facts) -> Iterator[Finding]:
    """How near the store is to its budgets. A process does not tell them, so they are those of this environment."""
    own = facts.reading.document["toolvitals"]
    if facts.reading.of_folder or count(_object(own, "processes"), "live") > 1:
        return  # What is merged of several stores has no budget of its own.
    found = False
    for key, limit, variable, shown in (
        ("series", facts.limits.max_series, "METRICS_MAX_SERIES", grouped),
        ("memory_bytes", facts.limits.memory_bytes, "METRICS_MEMORY_LIMIT_MB", byte_size),
    ):
        used = count(own, key)
        # Who has more than that was told another limit.
        if _NEARLY_FULL * limit <= used <= limit:
            found = True
            what = "label sets" if key == "series" else "memory"
            yield Finding(
                "room",
                "warning",
                f"The store is nearly full of {what}: {shown(used)} of {shown(limit)} ({percent(used / limit)}), if "
                f"{variable} is for it what it is here.",
                f"Raise {variable}, or use labels with fewer values: past the limit, new label sets are one.",
            )
    if not found:
        text = (
            f"The store has {count_of(count(own, 'series'), 'label set')} in {byte_size(count(own, 'memory_bytes'))}."
        )
        yield Finding("room", "ok", text)


def check_collectors(facts: Facts) -> Iterator[Finding]:
    """Custom collectors and functions of gauges that raise or hang, or that are too slow."""
    collectors = _object(facts.reading.document["toolvitals"], "collectors")
    stale = int(facts.own_counts.get("toolvitals_stale_reads_total", 0))
    findings = [finding for name in collectors for finding in _of_collector(name, _object(collectors, name))]
    yield from findings
    if stale:
        yield Finding(
            "collectors",
            "warning",
            f"Values of custom collectors were too old {count_of(stale, 'time')} when they were shown.",
            "Make the collectors quicker, or raise METRICS_REFRESH_INTERVAL_S, which says how old values may become.",
        )
    if not findings and not stale:
        yield Finding("collectors", "ok", "No custom collector has failed, hangs or is late.")


def _of_collector(name: str, collector: Mapping[str, Any]) -> Iterator[Finding]:
    failures, hangs = count(collector, "failures"), count(collector, "hangs")
    hanging_s = number(collector, "hanging_seconds")
    age_s = number(collector, "age_seconds")
    shown = "it has shown nothing yet" if age_s is None else f"what it shows is {duration(age_s)} old"
    if hanging_s is not None:
        yield Finding(
            "collectors",
            "warning",
            f"The collector {printable(name)} has been running for {duration(hanging_s)} and holds a thread; {shown}.",
            "See what it waits for (py-spy dump --pid shows each thread's stack), and give what it calls a timeout. If "
            "it may take that long, raise METRICS_REFRESH_DEADLINE_S.",
        )
    elif hangs:
        yield Finding(
            "collectors",
            "warning",
            f"The collector {printable(name)} took longer than it may {count_of(hangs, 'time')}; {shown}.",
            "Give what it calls a timeout; or, if it may take that long, raise METRICS_REFRESH_DEADLINE_S.",
        )
    if failures:
        yield Finding(
            "collectors",
            "warning",
            f"The collector {printable(name)} raised {count_of(failures, 'time')}; {shown}.",
            "Look for its traceback in the log of the process (logger toolvitals).",
        )


def check_sharing(facts: Facts) -> Iterator[Finding]:
    """Processes of the service whose records are not shown, or not all."""
    own = facts.reading.document["toolvitals"]
    conflicts = _object(own, "merge_conflicts")
    unshared = count(_object(own, "processes"), "unshared")
    for family in conflicts:
        yield Finding(
            "sharing",
            "warning",
            f"{count_of(count(conflicts, family), 'process', 'processes')} defined {printable(family)} in another way "
            "than the others, and what they record of it is not shown.",
            "Define a metric everywhere with the same type, labels and bounds; during a deployment, restart what runs "
            "the older program.",
        )
    if unshared:
        yield Finding(
            "sharing",
            "warning",
            f"{count_of(unshared, 'forked process', 'forked processes')} found no room to share what they record.",
            "Give the processes a TOOLVITALS_DIR, on a disk with room; or look whether forked processes never end.",
        )


def check_hanging(facts: Facts) -> Iterator[Finding]:
    """Calls that have been running for very long."""
    found = False
    for name, tool in facts.reading.document["tools"].items():
        oldest_ms = number(tool, "oldest_in_progress_ms")
        if oldest_ms is not None and oldest_ms >= 1000 * facts.limits.hanging_s:
            found = True
            yield Finding(
                "hanging-calls",
                "warning",
                f"A call of {printable(name)} has been running for {duration(oldest_ms / 1000)} "
                f"({grouped(count(tool, 'in_progress'))} in progress).",
                "See what it waits for (py-spy dump --pid shows each thread's stack), and give what it calls a "
                "timeout. If it may take that long, say so with --hanging-after.",
            )
    if not found:
        yield Finding("hanging-calls", "ok", f"No call has been running for {duration(facts.limits.hanging_s)}.")


def _instant(text: object) -> datetime | None:
    """The time that a document tells; always with a zone."""
    if not isinstance(text, str) or not text.endswith("Z"):
        return None
    try:
        return datetime.fromisoformat(f"{text[:-1]}+00:00")
    except ValueError:
        return None


def _object(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = values.get(key)
    return value if isinstance(value, dict) else {}

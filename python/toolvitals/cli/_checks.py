"""The checks of any source: from facts to findings, one function each. None of them reads or writes anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from toolvitals.cli._facts import Facts, Finding
from toolvitals.cli._words import byte_size, count_of, duration, grouped, percent, printable
from toolvitals.snapshot import CollectorStats

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
    "attribute": ("an attribute that is no text, number or list of them", "look at what is passed as attributes"),
    "value_not_finite": ("a NaN or an infinity", "look at how the value is computed"),
    "name_type": ("a name that is no string", "give names as str"),
    "name_empty": ("an empty name", "look at where the name comes from"),
    "name_too_long": ("a name of more than 256 bytes", "name the kind of thing, not the thing itself"),
    "name_encoding": ("a name that UTF-8 cannot encode, or with NUL in it", "decode bytes before they become names"),
    "error_type": ("an error type that is no name", "give the name of the exception's class"),
    "memory": ("no memory for a new name", "look at what takes the memory; the records of known names went on"),
    "arguments": ("missing, repeated or unknown arguments", "look at the call's signature"),
}
_STRICT = "TOOLVITALS_STRICT=1 makes such a record raise, which shows where it comes from"


def check_clock(facts: Facts) -> Iterator[Finding]:
    """The snapshot's time against this machine's, and against the `Date` of the answer."""
    seen = facts.seen
    taken = seen.snapshot.taken_at
    if seen.asked_at - _CLOCK_TOLERANCE <= taken <= seen.answered_at + _CLOCK_TOLERANCE:
        yield Finding("clock", "ok", "The snapshot is fresh, and its clock agrees with this machine's.")
    elif seen.date is not None and abs(seen.date - seen.answered_at) < _DATE_TOLERANCE and taken < seen.date:
        age = duration((seen.answered_at - taken).total_seconds())
        yield Finding(
            "clock",
            "warning",
            f"The snapshot was {age} old when it arrived.",
            "Something between keeps answers: have it pass requests on, as `Cache-Control: no-store` asks.",
        )
    else:
        ahead = (taken - seen.answered_at).total_seconds()
        how = f"{duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'}"
        yield Finding(
            "clock",
            "warning",
            f"The clock that the snapshot was taken by is {how} this machine's.",
            "Set both by NTP. Durations are right all the same: they are measured by clocks that do not jump.",
        )


def check_dropped(facts: Facts) -> Iterator[Finding]:
    """Records that were not counted, by reason."""
    dropped = facts.snapshot.own.dropped_records
    for reason, records in dropped.items():
        if records:
            what, advice = _DROPPED.get(reason, (f"what {printable(reason)} names", "look up the reason"))
            yield Finding(
                "dropped-records",
                "warning",
                f"{count_of(records, 'record')} had {what} and {'was' if records == 1 else 'were'} not counted.",
                f"{advice[0].upper()}{advice[1:]}; {_STRICT}.",
            )
    if not any(dropped.values()):
        yield Finding("dropped-records", "ok", "No record was dropped.")


def check_room(facts: Facts) -> Iterator[Finding]:
    """How near the store is to its budgets, which the process that answers tells."""
    if facts.of_several:
        return  # What is merged of several stores has no budget of its own.
    own = facts.snapshot.own
    found = False
    for used, limit, variable, what, shown in (
        (own.series, own.limits.max_series, "METRICS_MAX_SERIES", "label sets", grouped),
        (own.memory_bytes, own.limits.memory_bytes, "METRICS_MEMORY_LIMIT_MB", "memory", byte_size),
    ):
        if limit and used >= _NEARLY_FULL * limit:
            found = True
            yield Finding(
                "room",
                "warning",
                f"The store is nearly full of {what}: {shown(used)} of the {shown(limit)} that {variable} allows "
                f"({percent(used / limit)}).",
                f"Raise {variable}, or use labels with fewer values: past the limit, new label sets are one.",
            )
    if not found:
        text = f"The store has {count_of(own.series, 'label set')} in {byte_size(own.memory_bytes)}."
        yield Finding("room", "ok", text)


def check_collectors(facts: Facts) -> Iterator[Finding]:
    """Custom collectors and functions of gauges that raise or hang, or that are too slow."""
    own = facts.snapshot.own
    findings = [finding for name, collector in own.collectors.items() for finding in _of_collector(name, collector)]
    yield from findings
    if own.stale_reads:
        yield Finding(
            "collectors",
            "warning",
            f"Values of custom collectors were too old {count_of(own.stale_reads, 'time')} when they were shown.",
            "Make the collectors quicker, or raise METRICS_REFRESH_INTERVAL_S, which says how old values may become.",
        )
    if not findings and not own.stale_reads:
        yield Finding("collectors", "ok", "No custom collector has failed, hangs or is late.")


def _of_collector(name: str, collector: CollectorStats) -> Iterator[Finding]:
    hanging_s, age_s = collector.hanging_s, collector.age_s
    shown = "it has shown nothing yet" if age_s is None else f"what it shows is {duration(age_s)} old"
    if hanging_s is not None:
        yield Finding(
            "collectors",
            "warning",
            f"The collector {printable(name)} has been running for {duration(hanging_s)} and holds a thread; {shown}.",
            "See what it waits for (py-spy dump --pid shows each thread's stack), and give what it calls a timeout. If "
            "it may take that long, raise METRICS_REFRESH_DEADLINE_S.",
        )
    elif collector.hangs:
        yield Finding(
            "collectors",
            "warning",
            f"The collector {printable(name)} took longer than it may {count_of(collector.hangs, 'time')}; {shown}.",
            "Give what it calls a timeout; or, if it may take that long, raise METRICS_REFRESH_DEADLINE_S.",
        )
    if collector.failures:
        yield Finding(
            "collectors",
            "warning",
            f"The collector {printable(name)} raised {count_of(collector.failures, 'time')}; {shown}.",
            "Look for its traceback in the log of the process (logger toolvitals).",
        )


def check_sharing(facts: Facts) -> Iterator[Finding]:
    """Processes of the service whose records are not shown, or not all."""
    own = facts.snapshot.own
    for family, processes in own.merge_conflicts.items():
        yield Finding(
            "sharing",
            "warning",
            f"{count_of(processes, 'process', 'processes')} defined {printable(family)} in another way "
            "than the others, and what they record of it is not shown.",
            "Define a metric everywhere with the same type, labels and bounds; during a deployment, restart what runs "
            "the older program.",
        )
    if own.unshared_processes:
        unshared = count_of(own.unshared_processes, "forked process", "forked processes")
        yield Finding(
            "sharing",
            "warning",
            f"{unshared} found no room to share what they record.",
            "Give the processes a TOOLVITALS_DIR, on a disk with room; or look whether forked processes never end.",
        )


def check_hanging(facts: Facts) -> Iterator[Finding]:
    """Calls that have been running for very long."""
    found = False
    for name, tool in facts.snapshot.tools.items():
        oldest_ms = tool.oldest_in_progress_ms
        if oldest_ms is not None and oldest_ms >= 1000 * facts.hanging_s:
            found = True
            yield Finding(
                "hanging-calls",
                "warning",
                f"A call of {printable(name)} has been running for {duration(oldest_ms / 1000)} "
                f"({grouped(tool.in_progress)} in progress).",
                "See what it waits for (py-spy dump --pid shows each thread's stack), and give what it calls a "
                "timeout. If it may take that long, say so with --hanging-after.",
            )
    if not found:
        yield Finding("hanging-calls", "ok", f"No call has been running for {duration(facts.hanging_s)}.")

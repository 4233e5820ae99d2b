"""From the JSON of an endpoint to a snapshot. What a document lacks is zero, empty or None, as that of an older version
may; what it has in another form than expected counts as lacking. Nothing here trusts what was sent."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, TypeVar, get_args

from toolvitals.snapshot import (
    AttributeValue,
    CacheStats,
    CollectorStats,
    Exemplar,
    Family,
    FamilyType,
    FrozenDict,
    GcStats,
    Histogram,
    Limits,
    NativeHistogram,
    Overflow,
    OwnStats,
    ProcessStats,
    PythonStats,
    RefusedLabel,
    Series,
    Snapshot,
    States,
    Summary,
    ToolStats,
    Value,
    WindowStats,
    made_of,
)
from toolvitals.sources._source import NotReachedError

__all__ = ["document_of", "snapshot_of"]

SCHEMA_VERSION = 1

_MAX_COUNT = 2**64
# What a document cannot do without.
_OBJECTS = ("tools", "caches", "metrics", "system", "toolvitals")
_TYPES = frozenset(get_args(FamilyType))
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

Made = TypeVar("Made")


def snapshot_of(body: bytes, title: str) -> Snapshot:
    """The snapshot that the body describes; NotReachedError where it describes none."""
    document = document_of(body, title)
    taken_us = _micros(document.get("timestamp"))
    if taken_us is None:
        raise NotReachedError(f"{title} answered with a document that is incomplete")
    system = document["system"]
    bounds = tuple(bound for bound in _list(document, "duration_bounds_seconds") if _is_number(bound))
    tools = _by_name(document["tools"], lambda name, tool: _tool(name, tool, bounds))
    several: list[Mapping[str, Any]] = [one for one in _list(system, "processes") if isinstance(one, dict)]
    return made_of(
        taken_us=taken_us,
        created_s=_number(document, "created") or 0.0,
        uptime_s=_number(document, "uptime_seconds") or 0.0,
        namespace=_text(document, "namespace"),
        tools=lambda: tools,
        caches=_by_name(document["caches"], _cache),
        families=lambda: _by_name(document["metrics"], _family),
        processes=tuple(
            sorted(
                (_process(one) for one in several or [_object(system, "process")] if _count(one, "pid")),
                key=lambda one: one.pid,
            )
        ),
        python=_python(system.get("python")),
        own=_own(document["toolvitals"]),
    )


def document_of(body: bytes, title: str) -> dict[str, Any]:
    """The document of a body; NotReachedError where it is none that this version knows. `title` is whose it is."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotReachedError(f"{title} answered with what is no JSON: is it an endpoint of toolvitals?") from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int):
        raise NotReachedError(f"{title} answered with JSON that is not toolvitals': is it an endpoint of toolvitals?")
    if version != SCHEMA_VERSION:
        raise NotReachedError(
            f"{title} has documents of schema {version}, and this reader knows schema {SCHEMA_VERSION}"
        )
    if not all(isinstance(document.get(key), dict) for key in _OBJECTS) or not all(
        isinstance(one, dict) for key in ("tools", "caches", "metrics") for one in document[key].values()
    ):
        raise NotReachedError(f"{title} answered with a document that is incomplete")
    return dict(document)


def _tool(name: str, tool: Mapping[str, Any], bounds: tuple[float, ...]) -> ToolStats:
    buckets = _counts_of(_list(tool, "duration_buckets"))
    total_ms = _real(tool, "total_latency_ms") or 0.0
    whole = len(buckets) == len(bounds) + 1
    first_items = tool.get("first_item_ms")
    return ToolStats(
        tool_name=name,
        successful_calls=_count(tool, "successful_calls"),
        failed_calls=_count(tool, "failed_calls"),
        cancelled_calls=_count(tool, "cancelled_calls"),
        in_progress=_count(tool, "in_progress"),
        oldest_in_progress_ms=_number(tool, "oldest_in_progress_ms"),
        total_latency_ms=total_ms,
        latency_ms=_window(_object(tool, "latency_ms")),
        first_item_ms=_window(first_items) if isinstance(first_items, dict) else None,
        error_types=_counts(tool, "error_types"),
        durations=Histogram(bounds if whole else (), buckets if whole else (), total_ms / 1000),
    )


def _window(window: Mapping[str, Any]) -> WindowStats:
    names = ("mean", "stddev", "min", "max", "p50", "p75", "p90", "p95", "p99")
    return WindowStats(_count(window, "count"), *(_real(window, name) for name in names))


def _cache(name: str, cache: Mapping[str, Any]) -> CacheStats:
    return CacheStats(name, *(_count(cache, key) for key in ("hits", "misses", "evictions", "size_rejections")))


def _process(process: Mapping[str, Any]) -> ProcessStats:
    return ProcessStats(
        pid=_count(process, "pid"),
        cpu_seconds=_number(process, "cpu_seconds") or 0.0,
        resident_memory_bytes=_count(process, "resident_memory_bytes") or None,
        virtual_memory_bytes=_count(process, "virtual_memory_bytes") or None,
        open_fds=_count(process, "open_fds") or None,
        max_fds=_count(process, "max_fds") or None,
        threads=_count(process, "threads") or None,
        start_time_seconds=_number(process, "start_time_seconds"),
    )


def _python(python: object) -> PythonStats | None:
    if not isinstance(python, dict):
        return None
    generations = [one for one in _list(python, "gc") if isinstance(one, dict)]
    return PythonStats(
        version=_text(python, "version"),
        implementation=_text(python, "implementation"),
        gc=tuple(
            GcStats(*(_count(one, key) for key in ("collections", "collected", "uncollectable"))) for one in generations
        ),
    )


def _own(own: Mapping[str, Any]) -> OwnStats:
    processes, limits = _object(own, "processes"), _object(own, "limits")
    return OwnStats(
        version=_text(own, "version"),
        series=_count(own, "series"),
        memory_bytes=_count(own, "memory_bytes"),
        dropped_records=_counts(own, "dropped_records"),
        collectors=_by_name(_object(own, "collectors"), _collector),
        stale_reads=_count(own, "stale_reads"),
        overflow=_by_name(_object(own, "overflow"), _overflow),
        live_processes=_count(processes, "live"),
        retired_processes=_count(processes, "retired"),
        unshared_processes=_count(processes, "unshared"),
        refused_segments=_counts(own, "refused_segments"),
        merge_conflicts=_counts(own, "merge_conflicts"),
        scrapes=_count(own, "scrapes"),
        scrape_seconds=_number(own, "scrape_seconds") or 0.0,
        limits=Limits(_count(limits, "max_series"), _count(limits, "memory_bytes"), _count(limits, "window_size")),
    )


def _collector(_name: str, collector: Mapping[str, Any]) -> CollectorStats:
    return CollectorStats(
        failures=_count(collector, "failures"),
        hangs=_count(collector, "hangs"),
        hanging_s=_number(collector, "hanging_seconds"),
        age_s=_number(collector, "age_seconds"),
    )


def _overflow(_name: str, overflow: Mapping[str, Any]) -> Overflow:
    return Overflow(
        records=_count(overflow, "records"),
        distinct_values=_counts(overflow, "distinct_values"),
        busiest=tuple(
            RefusedLabel(_text(one, "label"), _text(one, "value"), _count(one, "count"), _count(one, "error"))
            for one in _list(overflow, "busiest")
            if isinstance(one, dict)
        ),
    )


def _family(name: str, family: Mapping[str, Any]) -> Family:
    type_ = family.get("type")
    kind: FamilyType = type_ if isinstance(type_, str) and type_ in _TYPES else "unknown"  # type: ignore[assignment]
    value_of = _VALUES[kind]
    series = tuple(
        Series(
            labels=_labels(one),
            value=value_of(one),
            created_s=_number(one, "created"),
            timestamp_s=_number(one, "timestamp"),
            exemplars=tuple(_exemplar(told) for told in _list(one, "exemplars") if isinstance(told, dict)),
            attributes=_attributes(one),
        )
        for one in _list(family, "series")
        if isinstance(one, dict)
    )
    return Family(name, kind, _text(family, "unit"), _text(family, "help"), series)


def _labels(series: Mapping[str, Any]) -> FrozenDict[str, Any]:
    return FrozenDict((name, value) for name, value in _object(series, "labels").items() if _is_scalar(value))


def _attributes(series: Mapping[str, Any]) -> FrozenDict[str, AttributeValue] | None:
    """None of a series of a closed family, which has labels alone."""
    if not isinstance(series.get("attributes"), dict):
        return None
    texts = _object(series, "attributes_text")
    found = {key: _attribute(value, texts.get(key)) for key, value in _object(series, "attributes").items()}
    return FrozenDict((key, value) for key, value in found.items() if value is not None)


def _attribute(value: object, text: object) -> Any:
    """The value of an attribute, None where it is none. `text` says which numbers there are that JSON has not."""
    if isinstance(text, str):
        return _special(text)
    if isinstance(text, list):
        return tuple(_special(each) for each in text)
    if isinstance(value, list):
        return tuple(value) if all(map(_is_scalar, value)) and len(set(map(type, value))) <= 1 else None
    return value if _is_scalar(value) else None


def _special(text: object) -> float:
    number = _float(text) if isinstance(text, str) else None
    return math.nan if number is None or math.isnan(number) else number


def _exemplar(told: Mapping[str, Any]) -> Exemplar:
    value = _real(told, "value")
    return Exemplar(_labels(told), math.nan if value is None else value, _number(told, "timestamp"))


def _plain(series: Mapping[str, Any]) -> int | float:
    value = series.get("value")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_COUNT:
        return value
    real = _real(series, "value")
    return math.nan if real is None else real


def _histogram(series: Mapping[str, Any]) -> Histogram:
    cumulative = sorted((bound, count) for bound, count in _by_number(series, "buckets") if not math.isnan(bound))
    if cumulative and cumulative[-1][0] != math.inf:
        cumulative.append((math.inf, cumulative[-1][1]))
    counts = [count for _, count in cumulative]
    native = series.get("native")
    return Histogram(
        bounds=tuple(bound for bound, _ in cumulative if bound != math.inf),
        buckets=tuple(max(0, here - below) for here, below in zip(counts, [0, *counts], strict=False)),
        sum=_real(series, "sum"),
        native=_native(native) if isinstance(native, dict) else None,
    )


def _native(native: Mapping[str, Any]) -> NativeHistogram:
    schema = native.get("schema")
    return NativeHistogram(
        schema=schema if isinstance(schema, int) and -4 <= schema <= 8 else 0,
        zero_threshold=_number(native, "zero_threshold") or 0.0,
        zero_count=_count(native, "zero_count"),
        positive=FrozenDict((int(index), count) for index, count in _by_number(native, "positive")),
        negative=FrozenDict((int(index), count) for index, count in _by_number(native, "negative")),
    )


def _summary(series: Mapping[str, Any]) -> Summary:
    quantiles, texts = _object(series, "quantiles"), _object(series, "quantiles_text")
    return Summary(
        count=_count(series, "count"),
        sum=_real(series, "sum"),
        quantiles=FrozenDict(
            (quantile, _special(texts.get(text)) if (value := _number(quantiles, text)) is None else value)
            for text in quantiles
            if (quantile := _float(text)) is not None
        ),
    )


def _states(series: Mapping[str, Any]) -> States:
    return States(FrozenDict((state, is_on is True) for state, is_on in _object(series, "states").items()))


_VALUES: dict[FamilyType, Callable[[Mapping[str, Any]], Value]] = {
    "counter": _plain,
    "gauge": _plain,
    "unknown": _plain,
    "histogram": _histogram,
    "gaugehistogram": _histogram,
    "summary": _summary,
    "stateset": _states,
    "info": lambda _series: 1,
}


def _by_name(values: Mapping[str, Any], make: Callable[[str, Mapping[str, Any]], Made]) -> FrozenDict[str, Made]:
    return FrozenDict((name, make(name, value)) for name, value in values.items() if isinstance(value, dict))


def _by_number(values: Mapping[str, Any], key: str) -> list[tuple[float, int]]:
    counts = _object(values, key)
    found = ((_float(text), _count(counts, text)) for text in counts)
    return [(number, count) for number, count in found if number is not None]


def _counts(values: Mapping[str, Any], key: str) -> FrozenDict[str, int]:
    counts = _object(values, key)
    return FrozenDict((name, _count(counts, name)) for name in counts)


def _counts_of(values: list[Any]) -> tuple[int, ...]:
    return tuple(_count({"": value}, "") for value in values)


def _count(values: Mapping[str, Any], key: str) -> int:
    """A whole number, 0 where there is none."""
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return 0
    return min(value, _MAX_COUNT)


def _number(values: Mapping[str, Any], key: str) -> float | None:
    """A number that is no infinity, None where there is none."""
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # An int of a document may be too large for a float.
    number = float(value) if isinstance(value, float) or abs(value) <= _MAX_COUNT else math.inf
    return number if math.isfinite(number) else None


def _real(values: Mapping[str, Any], key: str) -> float | None:
    """A number that may be an infinity; None for NaN, and where there is none."""
    found = _number(values, key)
    special = values.get(f"{key}_text")
    if found is None and isinstance(special, str):
        found = _float(special)
    return None if found is None or math.isnan(found) else found


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_scalar(value: object) -> bool:
    return isinstance(value, (str, bool, int, float))


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""


def _list(values: Mapping[str, Any], key: str) -> list[Any]:
    value = values.get(key)
    return value if isinstance(value, list) else []


def _object(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = values.get(key)
    return value if isinstance(value, dict) else {}


def _micros(text: object) -> int | None:
    """Unix time in microseconds of a document's timestamp, which is always in UTC."""
    if not isinstance(text, str) or not text.endswith("Z"):
        return None
    try:
        taken = datetime.fromisoformat(f"{text[:-1]}+00:00") - _EPOCH
    except ValueError:
        return None
    return (taken.days * 86_400 + taken.seconds) * 1_000_000 + taken.microseconds

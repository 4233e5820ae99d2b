"""Parts of an exposition or of a document: the families that a name names."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

__all__ = ["document_of", "exposition_of"]

_DESCRIBED = re.compile(rb"# (?:HELP|TYPE|UNIT) (\S+)")
# A name in quotation marks stands within the braces, by the rules for names beyond ASCII.
_SAMPLE = re.compile(rb'([^\s{]+)|\{"((?:[^"\\]|\\.)*)"')
_QUOTED = re.compile(rb'# (?:HELP|TYPE|UNIT) "((?:[^"\\]|\\.)*)"')

# Families that are no instruments: which part of the document says the same. Namespaces go before the first two.
_PARTS = {
    "tools": re.compile(
        r"(?:\w+_)?tool_(?:calls|call_errors|call_duration_seconds|call_latency_window_seconds"
        r"|first_item_latency_window_seconds|calls_in_progress)"
    ),
    "caches": re.compile(r"(?:\w+_)?cache_(?:requests|evictions|size_rejections|hit_ratio)"),
    "system": re.compile(r"process_\w+|python_\w+|python"),
    "toolvitals": re.compile(r"toolvitals_\w+"),
}
_SUFFIXES = ("_total", "_created", "_info", "_bucket", "_count", "_sum", "_gcount", "_gsum")


def exposition_of(text: bytes, names: Collection[str]) -> bytes:
    """The families of Prometheus text or OpenMetrics that have one of the names, whole and in their order.

    A family is named by its own name or by that of one of its samples, as `name[]` of an endpoint has it.
    """
    wanted = {name.encode() for name in names}
    return b"".join(block for found, block in _blocks(text) if not wanted.isdisjoint(found) or b"" in found)


def _blocks(text: bytes) -> Iterator[tuple[set[bytes], bytes]]:
    """Each family with the names it has; the end of OpenMetrics has the empty one."""
    names: set[bytes] = set()
    lines: list[bytes] = []
    family = b""
    for line in io.BytesIO(text):  # Label values may hold what splitlines() takes for a line's end as well.
        if line.rstrip() == b"# EOF":
            yield names, b"".join(lines)
            yield {b""}, line
            return
        described = _QUOTED.match(line) or _DESCRIBED.match(line)
        if described and described[1] != family:
            yield names, b"".join(lines)
            family = described[1]
            names, lines = {family}, []
        sample = None if line.startswith(b"#") else _SAMPLE.match(line)
        if sample:
            names.add(sample[1] or sample[2])
        lines.append(line)
    yield names, b"".join(lines)


def document_of(document: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The document with what the named families are in, and what says of when and whom it is.

    An instrument is named by its family or a sample. The families of tools and caches are whole parts of the document,
    and so are those of the process with the interpreter, and those of toolvitals itself.
    """
    bare = {name for given in names for name in _without_suffix(given)}
    metrics = {name: family for name, family in document["metrics"].items() if name in bare}
    others = bare - set(metrics)
    parts = {part for part, pattern in _PARTS.items() if any(pattern.fullmatch(name) for name in others)}
    kept = {key: value for key, value in document.items() if key not in (*_PARTS, "metrics") or key in parts}
    return {**kept, "metrics": metrics} if metrics else kept


def _without_suffix(name: str) -> Iterator[str]:
    yield name
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            yield name[: -len(suffix)]

"""A server that gives the answers a test wants, for what no endpoint of ours would say; and a folder's core."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from toolvitals.snapshot import Snapshot
from toolvitals.sources import Observation, Segment
from toolvitals.sources.document import snapshot_of

__all__ = ["NOW", "Answer", "FolderCore", "answering", "document", "observation", "segment", "snapshot", "tool"]

NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of a server whose every GET is answered by `answer`, which writes through the handler."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def tool(**changes: Any) -> dict[str, Any]:
    """A tool of a document, without calls unless `changes` say so; those that did not fail were successful."""
    total = changes.get("total_calls", 0)
    window = dict.fromkeys(("mean", "stddev", "min", "max", "p50", "p75", "p90", "p95", "p99"))
    return {
        "tool_name": "search",
        "total_calls": 0,
        "successful_calls": total - changes.get("failed_calls", 0) - changes.get("cancelled_calls", 0),
        "failed_calls": 0,
        "cancelled_calls": 0,
        "in_progress": 0,
        "oldest_in_progress_ms": None,
        "success_rate": None,
        "total_latency_ms": 0.0,
        "avg_latency_ms": None,
        "latency_ms": {"count": 0, **window},
        "error_types": {},
        **changes,
    }


def document(**changes: Any) -> dict[str, Any]:
    """A document of which nothing is to be said, but for `changes`."""
    return {
        "schema_version": 1,
        "timestamp": "2026-01-31T12:00:00.000000Z",
        "uptime_seconds": 60.0,
        "window_size": 1000,
        "tools": {},
        "caches": {},
        "metrics": {},
        "system": {
            "process": {
                "pid": 4711,
                "cpu_seconds": 0.5,
                "resident_memory_bytes": 28311552,
                "virtual_memory_bytes": 1,
                "open_fds": 5,
                "threads": 2,
                "start_time_seconds": 1769860740.0,
            },
            "python": {"version": "3.11.7", "implementation": "CPython", "gc": []},
        },
        "toolvitals": {
            "version": "0.1.0",
            "series": 3,
            "memory_bytes": 25280,
            "dropped_records": {"latency_nan": 0, "name_empty": 0},
            "collectors": {},
            "overflow": {},
        },
        **changes,
    }


def segment(**changes: Any) -> dict[str, Any]:
    """A live segment, but for `changes`."""
    return {
        "name": "4711-1769860740.segment",
        "pid": 4711,
        "state": "live",
        "reason": None,
        "layout_version": 1,
        "bytes": 67108864,
        "created_unix": 1769860740.0,
        "version": "0.1.0",
        **changes,
    }


def snapshot(**changes: Any) -> Snapshot:
    """The snapshot of a document of which nothing is to be said, but for `changes`."""
    return snapshot_of(json.dumps(document(**changes)).encode(), "the document")


def observation(
    found: Mapping[str, Any] | None = None,
    segments: tuple[Mapping[str, Any], ...] | None = None,
    retired: int | None = None,
    answered_at: datetime = NOW,
    date: datetime | None = None,
) -> Observation:
    """What is seen of a document; of the folder of these segments, where there are any."""
    seen = snapshot_of(json.dumps(document() if found is None else found).encode(), "the document")
    if retired is not None:
        seen = replace(seen, own=replace(seen.own, retired_processes=retired))
    files = None if segments is None else tuple(Segment(**one) for one in segments)
    return Observation(seen, NOW, answered_at, date, files)


class FolderCore:
    """In the place of the core: a folder in which there are these segments, and whose metrics are `found`."""

    def __init__(
        self, *segments: Mapping[str, Any], found: Mapping[str, Any] | None = None, retired: int = 0, text: bytes = b""
    ) -> None:
        self._segments = [dict(one) for one in segments]
        self._seen = observation(found, retired=retired).snapshot
        self._text = text

    def read_directory(self, path: str) -> tuple[Any, list[dict[str, Any]]]:
        """The parts of the snapshot, and the segments."""
        seen = self._seen
        taken_us = round(seen.taken_at.timestamp() * 1e6)
        parts = (taken_us, seen.created_s, seen.uptime_s, seen.namespace, seen.tools, seen.caches, seen.families)
        return (*parts, seen.processes, seen.python, seen.own), self._segments

    def snapshot_tools(self, tools: Any) -> Any:
        """The tools, of the part that stands for them."""
        return tools

    def snapshot_families(self, families: Any) -> Any:
        """The families, of the part that stands for them."""
        return families

    def render_directory(self, path: str, format: str, names: Any = ()) -> bytes:  # noqa: A002 (the core's name)
        """The same text whatever the format."""
        return self._text

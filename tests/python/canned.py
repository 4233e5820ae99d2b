"""A server that gives the answers a test wants, for what no endpoint of ours would say; and a folder's reader."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Answer", "answering", "document", "folder_reader", "segment", "tool"]

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
    """A tool of a document, without calls unless `changes` say so."""
    window = dict.fromkeys(("mean", "stddev", "min", "max", "p50", "p75", "p90", "p95", "p99"))
    return {
        "tool_name": "search",
        "total_calls": 0,
        "successful_calls": 0,
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


def folder_reader(
    *segments: Mapping[str, Any], found: Mapping[str, Any] | None = None, retired: int = 0, text: bytes = b""
) -> Callable[[str], dict[str, Any]]:
    """In the place of the core's: a folder in which there are these segments, and whose metrics are `found`."""
    body = json.dumps(document() if found is None else found).encode()
    return lambda path: {
        "snapshot": body,
        "prometheus": text,
        "segments": [dict(one) for one in segments],
        "retired_processes": retired,
    }

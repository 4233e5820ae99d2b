"""A registry's metrics handed to a Pushgateway, for jobs that end before they could be scraped."""

from __future__ import annotations

import base64
import contextlib
import gzip
import importlib.util
import socket
from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from toolvitals.prometheus._push_handlers import Headers, default_handler
from toolvitals.prometheus._text import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from toolvitals.prometheus.registry import REGISTRY, Collector

__all__ = [
    "SNAPPY_AVAILABLE",
    "CompressionType",
    "delete_from_gateway",
    "instance_ip_grouping_key",
    "push_to_gateway",
    "pushadd_to_gateway",
]

SNAPPY_AVAILABLE = importlib.util.find_spec("snappy") is not None

CompressionType = Literal["gzip", "snappy"] | None
Handler = Callable[..., Callable[[], None]]

# An address of no host, by which the system is asked which of its own it would talk from. Nothing is sent to it.
_ELSEWHERE = ((socket.AF_INET, "10.255.255.255"), (socket.AF_INET6, "2001:db8::1"))


def push_to_gateway(
    gateway: str,
    job: str,
    registry: Collector | None,
    grouping_key: Mapping[str, Any] | None = None,
    timeout: float | None = 30,
    handler: Handler = default_handler,
    compression: CompressionType = None,
) -> None:
    """Replaces all metrics of a group with the registry's (PUT).

    `gateway` is a URL, or a host and port, which then are HTTP's. The group is `job` and the labels in `grouping_key`,
    of any text. `timeout` is in seconds, None for none. `compression` is "gzip", "snappy" (which needs python-snappy)
    or None; a gateway has to know it. `handler(url=, method=, timeout=, headers=, data=)` returns what is called to
    send the request; pass one for authentication, TLS or redirects.

    OSError where the gateway is not reached or refuses, with its words; ValueError for an unknown compression or a
    slash in a label's name. What a collector raises passes through, and nothing is sent then. Thread-safe.
    """
    _send("PUT", gateway, job, registry, grouping_key, timeout, handler, compression)


def pushadd_to_gateway(
    gateway: str,
    job: str,
    registry: Collector | None,
    grouping_key: Mapping[str, Any] | None = None,
    timeout: float | None = 30,
    handler: Handler = default_handler,
    compression: CompressionType = None,
) -> None:
    """Replaces those metrics of a group that the registry has, and leaves the others (POST).

    Arguments and errors are push_to_gateway()'s; a registry of None is the default one.
    """
    _send("POST", gateway, job, registry, grouping_key, timeout, handler, compression)


def delete_from_gateway(
    gateway: str,
    job: str,
    grouping_key: Mapping[str, Any] | None = None,
    timeout: float | None = 30,
    handler: Handler = default_handler,
) -> None:
    """Removes a group (DELETE). Arguments and errors are push_to_gateway()'s."""
    handler(
        url=_url(gateway, job, grouping_key),
        method="DELETE",
        timeout=timeout,
        headers=[("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)],
        data=b"",
    )()


def instance_ip_grouping_key() -> dict[str, Any]:
    """A grouping key with this host's address as `instance`: the one it would reach other hosts from.

    127.0.0.1 where it has no way to any.
    """
    for family, address in _ELSEWHERE:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.connect((address, 1))
            return {"instance": asked.getsockname()[0]}
    return {"instance": "127.0.0.1"}


def _send(
    method: str,
    gateway: str,
    job: str,
    registry: Collector | None,
    grouping_key: Mapping[str, Any] | None,
    timeout: float | None,
    handler: Handler,
    compression: CompressionType,
) -> None:
    data = generate_latest(REGISTRY if registry is None else registry)
    headers: Headers = [("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)]
    if compression is not None:
        encoding = compression.lower()
        data = _compressed(data, encoding)
        headers.append(("Content-Encoding", encoding))
    handler(url=_url(gateway, job, grouping_key), method=method, timeout=timeout, headers=headers, data=data)()


def _compressed(data: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.compress(data)
    if encoding != "snappy":
        raise ValueError(f"Unsupported compression type {encoding!r}; allowed are 'gzip' and 'snappy'")
    try:
        import snappy
    except ImportError as error:
        raise RuntimeError("compression by snappy needs the package python-snappy") from error
    compressor = snappy.StreamCompressor()
    return bytes(compressor.compress(data) + (compressor.flush() or b""))


def _url(gateway: str, job: str, grouping_key: Mapping[str, Any] | None) -> str:
    if urlsplit(gateway).scheme not in ("http", "https"):
        gateway = f"http://{gateway}"
    labels = sorted((str(name), str(value)) for name, value in (grouping_key or {}).items())
    path = "".join(_segments(name, value) for name, value in [("job", str(job)), *labels])
    return f"{gateway.rstrip('/')}/metrics{path}"


def _segments(name: str, value: str) -> str:
    """A label as two segments of a path."""
    if "/" in name:
        raise ValueError(f"{name!r} is no name of a label: a gateway would read several from it")
    name = quote(name, safe="@")
    if not value:
        return f"/{name}@base64/="
    # A path cannot carry these: a server splits it at slashes, encoded or not, and resolves dots.
    if "/" in value or " " in value or value in (".", ".."):
        return f"/{name}@base64/{base64.urlsafe_b64encode(value.encode()).decode()}"
    return f"/{name}/{quote(value)}"

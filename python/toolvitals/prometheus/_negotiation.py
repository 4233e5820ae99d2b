"""Which format and which compression a client asked for, by the q-values of RFC 9110."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from toolvitals.prometheus import _text
from toolvitals.prometheus.escaping import SCHEMES, UNDERSCORES
from toolvitals.prometheus.openmetrics import exposition as openmetrics
from toolvitals.prometheus.registry import Collector

__all__ = ["MAX_ITEMS", "choose_encoder", "gzip_accepted"]

MAX_ITEMS = 64  # of a header; what is behind them is not looked at

_OPENMETRICS = {"1.0.0": openmetrics.CONTENT_TYPE_LATEST, "2.0.0": openmetrics.CONTENT_TYPE_LATEST_2_0}

Encoder = Callable[[Collector], bytes]


def choose_encoder(accept_header: str | None) -> tuple[Encoder, str]:
    """The function that renders a registry as the client wants it, and the Content-Type of what it renders.

    The client's order counts among equal q-values. Without a format that is known, text 0.0.4.
    """
    for name, parameters in _by_preference(accept_header):
        version = parameters.get("version")
        scheme = parameters.get("escaping", "")
        scheme = scheme if scheme in SCHEMES else UNDERSCORES
        if name == "application/openmetrics-text" and version is None:
            # A client that says no version is taken not to know of quoted names, whatever else it says.
            return openmetrics.generate_latest, openmetrics.CONTENT_TYPE_LATEST
        if name == "application/openmetrics-text" and version in _OPENMETRICS:
            content_type = f"{_OPENMETRICS[version]}; escaping={scheme}"
            return partial(openmetrics.generate_latest, escaping=scheme, version=version), content_type
        if name == "text/plain" and version == "1.0.0":
            content_type = f"{_text.CONTENT_TYPE_PLAIN_1_0_0}; escaping={scheme}"
            return partial(_text.generate_latest, escaping=scheme), content_type
        if name in ("text/plain", "text/*", "*/*") and version in (None, "0.0.4"):
            break
    return _text.generate_latest, _text.CONTENT_TYPE_PLAIN_0_0_4


def gzip_accepted(accept_encoding_header: str | None) -> bool:
    """Whether the client takes gzip: named, or by `*`, and not refused with q=0."""
    weights = {name: weight for name, _, weight in _items(accept_encoding_header)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _by_preference(header: str | None) -> list[tuple[str, dict[str, str]]]:
    wanted = [item for item in _items(header) if item[2] > 0]
    wanted.sort(key=lambda item: -item[2])
    return [(name, parameters) for name, parameters, _ in wanted]


def _items(header: str | None) -> list[tuple[str, dict[str, str], float]]:
    """Name, parameters and weight of each item."""
    items = []
    for text in (header or "").split(",", MAX_ITEMS)[:MAX_ITEMS]:
        name, *rest = (part.strip() for part in text.split(";"))
        parameters = {}
        for part in rest:
            key, _, value = part.partition("=")
            parameters[key.strip().lower()] = value.strip().strip('"')
        items.append((name.lower(), parameters, _weight(parameters.pop("q", "1"))))
    return items


def _weight(text: str) -> float:
    """0 to 1; an item whose weight is no such number is not wanted."""
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0

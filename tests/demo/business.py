"""What the demo's owner counts beside calls: how much the searches find, and how large the sources are."""

from __future__ import annotations

from toolvitals.prometheus import Counter, Histogram

__all__ = ["FOUND", "SOURCE_BYTES", "count_found"]

FOUND = Counter("demo_found", "Places that searches found.", ["search", "package"])
# Classic buckets for any scraper, and a native histogram for those that ask for protobuf.
SOURCE_BYTES = Histogram(
    "demo_source_size", "Sizes of the sources that were read.", unit="bytes", buckets=[2**n for n in range(8, 21, 2)]
)


def count_found(search: str, places: list[str]) -> list[str]:
    """Counts what a search found, by the package of each place, and returns it."""
    for place in places:
        FOUND.labels(search, _package(place)).inc()
    return places


def _package(place: str) -> str:
    """The package that a place is in; single modules are the standard library's own."""
    path = place.partition(": ")[0]
    return path.partition("/")[0] if "/" in path else "-"

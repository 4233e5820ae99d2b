"""Prints what using a part of the package imports, a module a line. Usage: imports_of.py PART"""

from __future__ import annotations

import sys
from collections.abc import Callable


def package() -> None:
    import toolvitals as tv

    assert tv.get_include()


def recording() -> None:
    import toolvitals as tv

    @tv.tool
    def search() -> None: ...

    search()
    with tv.track("fetch"):
        pass
    assert callable(tv.start)
    assert tv.get_collector() is not None


def caches() -> None:
    import toolvitals as tv

    @tv.cached("files")
    def load(name: str) -> str:
        return name

    assert load("a") == load("a")
    assert tv.instrument_cache({}, "pages") == {}


def registry() -> None:
    from toolvitals import prometheus

    counter = prometheus.Counter("jobs", "Jobs.", ["kind"])
    counter.labels("a").inc()
    assert b"jobs_total" in prometheus.generate_latest()


def snapshot() -> None:
    import toolvitals as tv

    assert tv.snapshot().tools == {}


PARTS: dict[str, Callable[[], None]] = {
    part.__name__: part for part in (package, recording, caches, registry, snapshot)
}

before = set(sys.modules)
PARTS[sys.argv[1]]()
print("\n".join(sorted(set(sys.modules) - before)))

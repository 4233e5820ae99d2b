"""cachetools over tools and under them."""

from __future__ import annotations

from typing import Any

import cachetools
import cachetools.func
import pytest

FRAMEWORK = "cachetools"
DISTRIBUTION = "cachetools"


@pytest.mark.calls(5)
def test_decorators(tool: Any) -> object:
    """`cached`, `cachedmethod`, `func.ttl_cache` over tools, a tool over `cached`."""
    cache: Any = cachetools.LRUCache(8)

    @cachetools.cached(cache)
    @tool("under")
    def under(a: int) -> int:
        return a * 2

    @tool("over")
    @cachetools.cached({})
    def over(a: int) -> int:
        return a * 3

    class Tools:
        def __init__(self) -> None:
            self.cache: Any = cachetools.LRUCache(8)

        @cachetools.cachedmethod(lambda self: self.cache)
        @tool("method")
        def method(self, a: int) -> int:
            return a * 4

    timed = cachetools.func.ttl_cache(maxsize=8)(tool("timed")(lambda a: a * 5))
    tools = Tools()
    return under(1), under(1), over(1), over(1), tools.method(1), tools.method(1), timed(1), timed(1), len(cache)

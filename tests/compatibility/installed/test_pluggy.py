"""pluggy, and with it pytest's hooks: specifications, implementations, wrappers."""

from __future__ import annotations

from typing import Any

import pluggy
import pytest

FRAMEWORK = "pluggy"
DISTRIBUTION = "pluggy"

specification = pluggy.HookspecMarker("compatibility")
implementation = pluggy.HookimplMarker("compatibility")


@pytest.mark.calls(6)
def test_hooks(tool: Any) -> object:
    """Implementations and wrappers that are tools, marked over the tool and under it; arguments are told by name."""
    seen: list[Any] = []

    class Specifications:
        @specification
        def collect(self, first: int, second: int) -> list[int]: ...

    class Over:
        @implementation
        @tool("over")
        def collect(self, second: int) -> int:
            return second

    class Under:
        @tool("under")
        @implementation(tryfirst=True)
        def collect(self, first: int) -> int:
            return first

    class Wrapper:
        @implementation(wrapper=True)
        @tool("wrapper")
        def collect(self, first: int, second: int) -> Any:
            seen.append((first, second))
            return [0, *(yield)]

    manager = pluggy.PluginManager("compatibility")
    manager.add_hookspecs(Specifications)
    for plugin in (Over(), Under(), Wrapper()):
        manager.register(plugin)
    manager.check_pending()
    return manager.hook.collect(first=1, second=2), manager.hook.collect(first=3, second=4), seen

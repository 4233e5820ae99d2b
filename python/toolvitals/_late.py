"""What is fetched when it is first used, so that an import costs little: names of a package, and the log.

logging, asyncio and all that speaks to a network take several times as long to import as the rest of the package.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

__all__ = ["getter", "logger"]


def logger() -> logging.Logger:
    """The package's logger. Thread-safe."""
    import logging

    return logging.getLogger("toolvitals")


def getter(
    namespace: dict[str, Any], homes: Mapping[str, Collection[str]], modules: Collection[str] = ()
) -> Callable[[str], Any]:
    """A module's `__getattr__` (PEP 562) that fetches names from the modules that have them, and then keeps them.

    `namespace` is the module's `globals()`, `homes` has names by the module that has them, `modules` are names of
    submodules that are attributes without an import of their own. What it returns raises AttributeError for others.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def fetch(name: str) -> Any:
        if name in modules:
            value: Any = importlib.import_module(f"{namespace['__name__']}.{name}")
        elif name in home_of:
            value = getattr(importlib.import_module(home_of[name]), name)
        else:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        namespace[name] = value
        return value

    return fetch

"""Makes `import prometheus_client` mean toolvitals.prometheus, as a program does that swaps the import."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from types import ModuleType

__all__ = ["swap"]

PEER = "prometheus_client"
OURS = "toolvitals.prometheus"


class _Swap(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds our module under the peer's name; both names are the same module object."""

    def __init__(self) -> None:
        self._specs: dict[str, importlib.machinery.ModuleSpec | None] = {}

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if name != PEER and not name.startswith(f"{PEER}."):
            return None
        ours = OURS + name.removeprefix(PEER)
        if importlib.util.find_spec(ours) is None:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(OURS + spec.name.removeprefix(PEER))
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just given the module the spec of its other name.
        peer_name = PEER + module.__name__.removeprefix(OURS)
        module.__spec__ = self._specs[peer_name]


def swap() -> None:
    """From here on, in this process, every module of prometheus_client is ours, or is not found."""
    if any(name.partition(".")[0] == PEER for name in sys.modules):
        raise RuntimeError(f"{PEER} was imported before")
    sys.meta_path.insert(0, _Swap())

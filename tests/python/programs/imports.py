"""Imports in an interpreter that has imported nothing of the package yet."""

from __future__ import annotations

import importlib
import sys


def import_package() -> None:
    import toolvitals  # noqa: F401


def read_the_catalogue() -> list[object]:
    from toolvitals import catalogue

    return [len(catalogue.FAMILIES), _loaded("toolvitals._core", "toolvitals._backend")]


def ask_the_command_for_help() -> list[str]:
    sys.argv = ["toolvitals", "--help"]
    from toolvitals.cli import main

    assert main() == 0
    return _loaded("rich", "urllib.request", "toolvitals._backend")


def run_the_command_without(missing: str, *arguments: str) -> None:
    """As where the package of that name is not installed."""
    sys.modules[missing] = None  # type: ignore[assignment]
    sys.argv = ["toolvitals", *arguments]
    from toolvitals.cli import main

    sys.exit(main())


def look(*modules: str) -> list[str]:
    """Asks for what needs no core, and imports modules of commands."""
    import toolvitals as tv

    for module in modules:
        importlib.import_module(module)
    assert all((tv.__version__, tv.get_include(), tv.Settings.from_env(), dir(tv)))
    return _loaded("toolvitals._core", "toolvitals._backend")


def _loaded(*names: str) -> list[str]:
    return [name for name in names if name in sys.modules]


def instrument_without_mcp() -> str:
    sys.modules["mcp"] = None  # type: ignore[assignment]
    from toolvitals.integrations.mcp import instrument

    try:
        instrument(object())
    except ImportError as error:
        return str(error)
    return "instrumented"

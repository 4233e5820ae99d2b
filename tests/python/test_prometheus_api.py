"""The names and the signatures of prometheus_client, looked for in toolvitals.prometheus."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any, TypeVar

import prometheus_client
import pytest

PEER, OURS = "prometheus_client", "toolvitals.prometheus"

# What is not there, and why.
OF_FILES = "the peer's files of many processes; nothing is kept in files here"
OF_THE_COPY = "parts of the decorator library that the peer copied, which it does not use itself"
LEFT_OUT = {
    "mmap_dict": OF_FILES,
    "values.MmapedDict": OF_FILES,
    "values.mmap_key": OF_FILES,
    "values.close_all_multiprocess_files": OF_FILES,
    "multiprocess.MmapedDict": OF_FILES,
    "multiprocess.MultiProcessCollector.merge": OF_FILES,
    "decorator.ArgSpec": OF_THE_COPY,
    "decorator.ContextManager": OF_THE_COPY,
    "decorator.FunctionMaker": OF_THE_COPY,
    "decorator.append": OF_THE_COPY,
    "decorator.dispatch_on": OF_THE_COPY,
    "decorator.get_init": OF_THE_COPY,
    "decorator.getargspec": OF_THE_COPY,
    "parser.replace_escape_sequence": "a callback of the peer's own parser",
}
# The standard library's, whose parameter has another name.
OTHERWISE = {"decorator.contextmanager"}
MODULES = [
    name.removeprefix(f"{PEER}.") for _, name, _ in pkgutil.walk_packages(prometheus_client.__path__, f"{PEER}.")
]


def _module(package: str, name: str) -> ModuleType:
    return importlib.import_module(f"{package}.{name}" if name else package)


def _defined(name: str) -> dict[str, Any]:
    """The public names that a module of the peer defines itself, constants included."""
    module = _module(PEER, name)
    exported = set(getattr(module, "__all__", ()))
    defined = {}
    for attribute, value in vars(module).items():
        if attribute.startswith("_") or inspect.ismodule(value) or isinstance(value, TypeVar):
            continue
        home = getattr(value, "__module__", None)
        is_constant = isinstance(value, (str, float)) and attribute.isupper()
        if attribute in exported or home == module.__name__ or is_constant:
            defined[attribute] = value
    return defined


def _parameters(function: Any) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except ValueError:
        return []


def _accepts(ours: list[inspect.Parameter], peers: list[inspect.Parameter]) -> bool:
    """Whether a call that the peer takes, by position or by name, is taken here too."""
    if not ours:
        return True
    star = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in ours)
    stars = any(parameter.kind is parameter.VAR_KEYWORD for parameter in ours)
    names = [parameter.name for parameter in ours if parameter.kind is not parameter.KEYWORD_ONLY]
    for place, parameter in enumerate(peers):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if names[place : place + 1] != [parameter.name] and not (star and stars):
            return False
    return True


def _compare(place: str, peer: Any, ours: Any) -> None:
    if inspect.isclass(peer) and peer.__module__.startswith(PEER):
        for attribute, value in vars(peer).items():
            if attribute.startswith("_") or f"{place}.{attribute}" in LEFT_OUT:
                continue
            assert hasattr(ours, attribute), f"{place}.{attribute}"
            if inspect.isfunction(value):
                own = getattr(ours, attribute)
                assert _accepts(_parameters(own), _parameters(value)), f"{place}.{attribute}{inspect.signature(own)}"
        if "__init__" in vars(peer):
            assert _accepts(_parameters(ours), _parameters(peer)), f"{place}{inspect.signature(ours)}"
    elif inspect.isfunction(peer) and place not in OTHERWISE:
        assert _accepts(_parameters(ours), _parameters(peer)), f"{place}{inspect.signature(ours)}"
    elif isinstance(peer, str):
        assert ours == peer, place


@pytest.mark.parametrize("name", ["", *MODULES])
def test_what_programs_import_is_there(name: str) -> None:
    if name in LEFT_OUT:
        return
    ours = _module(OURS, name)
    defined = _defined(name)
    assert defined or name in ("aiohttp", "bridge", "django", "openmetrics", "twisted", "core")
    for attribute, value in defined.items():
        place = f"{name}.{attribute}" if name else attribute
        if place not in LEFT_OUT:
            assert hasattr(ours, attribute), place
            _compare(place, value, getattr(ours, attribute))


@pytest.mark.parametrize("place", LEFT_OUT)
def test_what_is_left_out_is_the_peers_and_not_here(place: str) -> None:
    name, _, attribute = place.rpartition(".")
    if place in MODULES:
        with pytest.raises(ImportError):
            _module(OURS, place)
        return
    peer, ours = (_module(package, name.partition(".Multi")[0]).__dict__ for package in (PEER, OURS))
    if name.endswith("MultiProcessCollector"):
        peer, ours = vars(peer["MultiProcessCollector"]), vars(ours["MultiProcessCollector"])
    assert attribute in peer
    assert attribute not in ours

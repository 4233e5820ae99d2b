"""The names that MCP calls are recorded under: bounded by what the server lists, whatever a client asks for."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import toolvitals

__all__ = ["KINDS", "Kind", "Listing", "Names"]

# How many names are believed of a server that cannot be asked for a list.
UNLISTED_MAX = 256


@dataclass(frozen=True)
class Kind:
    """One sort of component: the request that uses it, and how its calls are called."""

    method: str
    key: str
    prefix: str
    unknown: str


KINDS = {
    kind.method: kind
    for kind in (
        Kind("tools/call", "name", "", "unknown_tool"),
        Kind("resources/read", "uri", "resource:", "unknown_resource"),
        Kind("prompts/get", "name", "prompt:", "unknown_prompt"),
    )
}


@dataclass(frozen=True)
class Listing:
    """What a server says it has of one kind: plain names or URIs, and URI templates."""

    names: Iterable[str] = ()
    templates: Iterable[str] = ()


Lister = Callable[[Kind], Awaitable[Listing | None]]


class Names:
    """Finds the name for a call. Belongs to one server; used from its event loop only."""

    def __init__(self) -> None:
        self._listed: dict[str, set[str]] = {method: set() for method in KINDS}
        self._templates: dict[str, re.Pattern[str]] = {}
        self._unlisted: set[str] = set()

    async def name_of(self, kind: Kind, key: str, list_components: Lister) -> str:
        """The name to record under; asks the server for its list when the key is new."""
        name = self.known(kind, key)
        if name is not None:
            return name
        try:
            listing = await list_components(kind)
        except Exception:
            # Recording must not break the call it records: a list that fails lists nothing.
            listing = Listing()
        if listing is None:
            return self._believed(kind, key)
        self._learn(kind, listing)
        return self.known(kind, key) or kind.unknown

    def known(self, kind: Kind, key: str) -> str | None:
        """The name to record under, None where the server has to be asked."""
        if key in self._listed[kind.method]:
            return kind.prefix + key
        if kind.key == "uri":
            for template, pattern in self._templates.items():
                if pattern.fullmatch(key):
                    return kind.prefix + template
        return None

    def _learn(self, kind: Kind, listing: Listing) -> None:
        fresh = set(listing.names) - self._listed[kind.method]
        self._listed[kind.method] |= fresh
        for template in listing.templates:
            self._templates.setdefault(template, _pattern_of(template))
        if kind.key == "name":
            # Tools and prompts show with zeros before their first call; resources may be too many for that.
            # track() registers them and, unlike a collector's tool(), never raises over a name that is too long.
            for name in sorted(fresh):
                toolvitals.track(kind.prefix + name)

    def _believed(self, kind: Kind, key: str) -> str:
        name = kind.prefix + key
        if name not in self._unlisted:
            if len(self._unlisted) >= UNLISTED_MAX:
                return kind.unknown
            self._unlisted.add(name)
        return name


def _pattern_of(template: str) -> re.Pattern[str]:
    """A pattern for the URIs of an RFC 6570 template: `{name}` stays within a path segment, `{name*}` does not."""
    parts = re.split(r"(\{[^{}]*\})", template)
    return re.compile("".join(_expression(part) if part.startswith("{") else re.escape(part) for part in parts), re.S)


def _expression(part: str) -> str:
    body = part[1:-1]
    if body[:1] in ("?", "&", "#", ";"):
        return f"(?:{re.escape(body[0])}.*)?"
    if body[:1] in ("+", "/", ".") or body.endswith("*"):
        return ".+"
    return "[^/?#]+"

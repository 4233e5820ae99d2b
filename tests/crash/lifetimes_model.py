"""What a service has to show whose processes fork and end, and take series away in every way: in plain dicts.

Nothing here knows how the package does it. Times are of the monotonic clock, each the interval that it may lie in.
"""

from __future__ import annotations

import copy
import dataclasses
import itertools
import math

__all__ = ["Definition", "Family", "Group", "Model", "Process", "Row"]


@dataclasses.dataclass(frozen=True)
class Definition:
    """What two families have in common that can be added up. Without a label there is one series, named "".

    An open one has series by an attribute of that name.
    """

    kind: str
    label: str
    ttl_s: float = 0
    is_open: bool = False

    def has_series_of(self, other: Definition) -> bool:
        """Whether what is removed from the other one is removed from this."""
        return (self.label, self.is_open) == (other.label, other.is_open)


@dataclasses.dataclass
class Row:
    """One series' value, at least and at most, and when it was used last."""

    low: float = 0
    high: float = 0
    used: tuple[float, float] = (math.inf, math.inf)

    def is_surely_expired(self, ttl_s: float, now: tuple[float, float]) -> bool:
        return ttl_s > 0 and now[0] - self.used[1] >= ttl_s

    def may_be_expired(self, ttl_s: float, now: tuple[float, float]) -> bool:
        return ttl_s > 0 and now[1] - self.used[0] >= ttl_s


Group = dict[str, list[Row]]


@dataclasses.dataclass
class Family:
    """One process's own. `rows` are those that it shows: what it was forked with and has not recorded into is not."""

    definition: Definition
    is_registered: bool = True
    is_own: bool = True  # not as the process was forked with it
    rows: dict[str, Row] = dataclasses.field(default_factory=dict)
    known: set[str] = dataclasses.field(default_factory=set)
    # Which one it is; a forked child has its parent's.
    identity: int = dataclasses.field(default_factory=itertools.count().__next__)

    def means(self, other: Family) -> bool:
        """Whether who removes series of the one removes the other's: those of a name, where both are registered."""
        return other.is_registered if self.is_registered else other.identity == self.identity


@dataclasses.dataclass
class Process:
    families: dict[str, Family] = dataclasses.field(default_factory=dict)

    def forked(self) -> Process:
        child = copy.deepcopy(self)
        for family in child.families.values():
            family.is_own = False
            family.rows.clear()
        return child


class Model:
    """The service. With a directory everybody shows all of it, and removes for all; without, the founder does."""

    def __init__(self, has_directory: bool) -> None:
        self.has_directory = has_directory
        self.live: dict[str, Process] = {}
        self.founder = ""
        self.waiting: list[Process] = []  # ended, and not taken in yet
        # By name and definition: what is shown, and what was unregistered when its process ended.
        self.retired: dict[tuple[str, Definition], Group] = {}
        self.hidden: dict[tuple[str, Definition], Group] = {}

    def begin(self, token: str) -> None:
        self.founder = self.founder or token
        self.live[token] = Process()

    def fork(self, parent: str, token: str) -> None:
        self.live[token] = self.live[parent].forked()

    def end(self, token: str) -> None:
        self.waiting.append(self.live.pop(token))

    def define(self, token: str, name: str, definition: Definition) -> None:
        family = Family(definition)
        if not definition.label:
            family.rows[""] = Row()
            family.known.add("")
        self.live[token].families[name] = family

    def make(self, token: str, name: str, value: str) -> None:
        """Makes a series, which begins at zero."""
        family = self.live[token].families[name]
        if value not in family.known:
            family.known.add(value)
            family.rows[value] = Row()

    def record(self, token: str, name: str, value: str, amount: float, used: tuple[float, float]) -> None:
        family = self.live[token].families[name]
        self.make(token, name, value)
        row = family.rows.setdefault(value, Row())
        is_new = row.may_be_expired(family.definition.ttl_s, used)
        if family.definition.kind == "gauge":
            row.low = row.high = amount
        else:
            row.low = amount if is_new else row.low + amount
            row.high += amount
        row.used = used

    def remove(self, token: str, name: str, value: str) -> None:
        own = self.live[token].families[name]
        own.rows.pop(value, None)
        own.known.discard(value)
        if not self._acts_on_all(token):
            return
        for family in filter(own.means, self._others(token, name)):
            if family.definition.has_series_of(own.definition):
                family.rows.pop(value, None)
        for (other, definition), rows in self.retired.items():
            if own.is_registered and other == name and definition.has_series_of(own.definition):
                rows.pop(value, None)

    def clear(self, token: str, name: str) -> None:
        own = self.live[token].families[name]
        own.rows.clear()
        own.known.clear()
        if not self._acts_on_all(token):
            return
        for family in filter(own.means, self._others(token, name)):
            family.rows.clear()
        for (other, _), rows in self.retired.items():
            if own.is_registered and other == name:
                rows.clear()

    def unregister(self, token: str, name: str) -> None:
        """What ended processes left goes with the last living one that registered the family."""
        own = self.live[token].families[name]
        own.is_registered = False
        if not self._acts_on_all(token):
            return
        others = [
            process.families[name]
            for other, process in self.live.items()
            if other != token and name in process.families
        ]
        by_inheritor = self.has_directory and not own.is_own
        if any(family.is_registered and (family.is_own or by_inheritor) for family in others):
            return
        for family in others:
            if family.is_registered:
                family.rows.clear()
        for process in self.waiting:
            if name in process.families and process.families[name].is_registered:
                del process.families[name]
        for key in [key for key in self.retired if key[0] == name]:
            del self.retired[key]

    def register(self, token: str, name: str) -> None:
        family = self.live[token].families[name]
        family.is_registered = family.is_own = True

    def take_in(self) -> None:
        """What a scrape does with the processes that have ended."""
        led = {key for key in self._families() if self._is_led(*key)}
        for process in self.waiting:
            for name, family in process.families.items():
                key = (name, family.definition)
                if family.is_registered and key not in led:
                    continue
                if not family.is_registered and not family.rows:
                    continue
                group = (self.retired if family.is_registered else self.hidden).setdefault(key, {})
                for value, row in family.rows.items():
                    group.setdefault(value, []).append(row)
        self.waiting.clear()
        for groups in (self.retired, self.hidden):
            for (name, definition), rows in groups.items():
                for value in rows if definition.ttl_s else ():
                    self._use(name, definition, value, rows[value])

    def shown(self) -> dict[str, list[tuple[Definition, Group]]]:
        """By name, the families that may be shown, after a scrape has taken in what there was."""
        found: dict[str, list[tuple[Definition, Group]]] = {}
        for name, definition in self._families():
            if self._is_led(name, definition):
                found.setdefault(name, []).append((definition, self._group(name, definition)))
        return found

    def _use(self, name: str, definition: Definition, value: str, ended: list[Row]) -> None:
        """What ended processes left lives on with those who use it, and who may unregister later."""
        for process in self.live.values():
            family = process.families.get(name)
            if family is None or family.definition != definition or value not in family.rows:
                continue
            for row in ended:
                row.used = (row.used[0], max(row.used[1], family.rows[value].used[1]))

    def _acts_on_all(self, token: str) -> bool:
        return self.has_directory or token == self.founder

    def _others(self, token: str, name: str) -> list[Family]:
        processes = [process for other, process in self.live.items() if other != token] + self.waiting
        return [process.families[name] for process in processes if name in process.families]

    def _families(self) -> list[tuple[str, Definition]]:
        keys = dict.fromkeys(self.retired)
        for process in [*self.live.values(), *self.waiting]:
            keys.update(
                dict.fromkeys(
                    (name, family.definition) for name, family in process.families.items() if family.is_registered
                )
            )
        return list(keys)

    def _is_led(self, name: str, definition: Definition) -> bool:
        if (name, definition) in self.retired:
            return True
        families = [process.families.get(name) for process in [*self.live.values(), *self.waiting]]
        return any(
            family is not None and family.is_registered and family.is_own and family.definition == definition
            for family in families
        )

    def _group(self, name: str, definition: Definition) -> Group:
        group: Group = {value: list(rows) for value, rows in self.retired.get((name, definition), {}).items()}
        for process in self.live.values():
            family = process.families.get(name)
            if family is not None and family.is_registered and family.definition == definition:
                for value, row in family.rows.items():
                    group.setdefault(value, []).append(row)
        return group

"""What is said of a family of toolvitals' own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

__all__ = ["FamilyType", "Group", "Label", "OwnFamily", "Stability"]

FamilyType = Literal["counter", "gauge", "histogram", "summary", "info"]
Group = Literal["tools", "caches", "process", "python", "toolvitals", "operations"]
Stability = Literal["stable", "development"]

# What a family's samples are called beside the family itself, as OpenMetrics has it. `_created` is there where a format
# shows when a series began.
_SUFFIXES: Mapping[FamilyType, tuple[str, ...]] = {
    "counter": ("_total", "_created"),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum", "_created"),
    "summary": ("", "_count", "_sum", "_created"),
    "info": ("_info",),
}
_NAMESPACED: frozenset[Group] = frozenset({"tools", "caches"})


@dataclasses.dataclass(frozen=True)
class Label:
    """A label of a family. Immutable.

    `values` are all values that it takes, where they are known; empty where they are the program's own. With `always`
    False a series may be without it.
    """

    name: str
    values: tuple[str, ...] = ()
    always: bool = True


@dataclasses.dataclass(frozen=True)
class OwnFamily:
    """One family. Immutable.

    - `group`: what it is about, a key of `GROUPS`.
    - `name`: as OpenMetrics and `toolvitals.snapshot` call it, without a counter's `_total` and an info's `_info`; and
      without the namespace that METRICS_NAMESPACE may put before it.
    - `type`: as OpenMetrics calls it. In Prometheus text an info is a gauge that is 1.
    - `help`: the HELP text of the exposition.
    - `unit`: as OpenMetrics has it ("seconds", "bytes", "ratio"), the end of the name; empty where it has none.
    - `labels`: without `le` and `quantile`, which belong to the type.
    - `operation_labels`: whether the labels that `toolvitals serve --label` names come to the family's own.
    - `setting`: what has to be there for the family to be exposed, in a few words; empty where nothing has to be set.
    - `meaning`: one sentence or two, in Markdown, for people who look it up.
    - `stability`: "stable" names change only with a setting that keeps the old one, "development" ones with an entry in
      the changelog alone.
    """

    group: Group
    name: str
    type: FamilyType
    help: str
    unit: str = ""
    labels: tuple[Label, ...] = ()
    operation_labels: bool = False
    setting: str = ""
    meaning: str = ""
    stability: Stability = "stable"

    @property
    def exposed_name(self) -> str:
        """The name in Prometheus text, which queries begin with: with `_total` of a counter, `_info` of an info."""
        suffix = {"counter": "_total", "info": "_info"}.get(self.type, "")
        return self.name + suffix

    @property
    def namespaced(self) -> bool:
        """Whether METRICS_NAMESPACE goes before the name."""
        return self.group in _NAMESPACED

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the labels, in their order."""
        return tuple(label.name for label in self.labels)

    @property
    def sample_names(self) -> frozenset[str]:
        """The names that samples of the family can have, in all text formats."""
        return frozenset(self.name + suffix for suffix in _SUFFIXES[self.type])

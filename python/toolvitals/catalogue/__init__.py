"""The families that toolvitals exposes of its own: one table, for pages, dashboards, rules, checks and tests.

    from toolvitals import catalogue

    counters = [family.exposed_name for family in catalogue.FAMILIES if family.type == "counter"]

What a program defines itself, and what other programs send under names of their own, is not in it. The table is plain
data and stands on the standard library alone: reading it loads nothing that records.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from toolvitals.catalogue._family import FamilyType, Group, Label, OwnFamily, Stability
from toolvitals.catalogue._operations import OPERATIONS
from toolvitals.catalogue._process import PROCESS, PYTHON
from toolvitals.catalogue._tools import CACHES, TOOLS
from toolvitals.catalogue._toolvitals import TOOLVITALS

__all__ = ["FAMILIES", "GROUPS", "FamilyType", "Group", "Label", "OwnFamily", "Stability", "find"]

# The groups in the order in which they are shown, with what each is about.
GROUPS: Mapping[Group, str] = MappingProxyType(
    {
        "tools": "Tools",
        "caches": "Caches",
        "process": "The process",
        "python": "The interpreter",
        "toolvitals": "toolvitals itself",
        "operations": "Operations of other programs",
    }
)

# Every family, in the order in which it is exposed.
FAMILIES: tuple[OwnFamily, ...] = (*TOOLS, *CACHES, *PROCESS, *PYTHON, *TOOLVITALS, *OPERATIONS)

_BY_NAME: Mapping[str, OwnFamily] = {
    name: family for family in FAMILIES for name in (family.name, *sorted(family.sample_names))
}


def find(name: str, namespace: str = "") -> OwnFamily | None:
    """The family that a family's or a sample's name belongs to, or None where it is none of ours. Thread-safe.

    `namespace` is METRICS_NAMESPACE of the service: with one, those of tools and caches are found under it alone.
    """
    family = _BY_NAME.get(name)
    if not namespace or (family is not None and not family.namespaced):
        return family
    bare = name.removeprefix(f"{namespace}_")
    family = _BY_NAME.get(bare)
    return family if bare != name and family is not None and family.namespaced else None

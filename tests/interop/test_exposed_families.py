"""What an endpoint exposes of toolvitals' own and what the catalogue has are the same, whatever format is read."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from everything import service
from metric_family import decode
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from test_formats import OPENMETRICS, PROTOBUF, TEXT, TEXT1
from web import fetch

from toolvitals import catalogue

pytestmark = pytest.mark.interop

FORMATS = (TEXT, TEXT1, OPENMETRICS, PROTOBUF)
PROTOBUF_TYPES = {0: "counter", 1: "gauge", 2: "summary", 4: "histogram"}
# Labels that belong to a type, not to a family.
OF_TYPES = {"histogram": {"le"}, "summary": {"quantile"}}


@dataclass
class Seen:
    """A family as a format shows it. `unit` is None where the format has none."""

    type: str
    help: str
    unit: str | None
    names: set[str] = field(default_factory=set)
    labels: list[dict[str, str]] = field(default_factory=list)


def in_text(body: bytes, openmetrics: bool) -> dict[str, Seen]:
    found = {}
    for family in (parse_openmetrics if openmetrics else parse_text)(body.decode()):
        seen = Seen(family.type, family.documentation, family.unit if openmetrics else None)
        seen.names = {sample.name for sample in family.samples}
        seen.labels = [sample.labels for sample in family.samples]
        found[family.name] = seen
    return found


def in_protobuf(body: bytes) -> dict[str, Seen]:
    found = {}
    for family in decode(body):
        seen = Seen(PROTOBUF_TYPES[family.type], family.help, family.unit)
        seen.labels = [{label.name: label.value for label in metric.label} for metric in family.metric]
        found[family.name] = seen
    return found


def seen_at(url: str, accept: str) -> dict[str, Seen]:
    """All families of a scrape that no program defined itself, by the name that the format has for them."""
    body = fetch(url, Accept=accept).content
    found = in_protobuf(body) if accept == PROTOBUF else in_text(body, accept == OPENMETRICS)
    return {name: seen for name, seen in found.items() if not name.startswith("users_own_")}


def check(seen: Seen, family: catalogue.OwnFamily, region: set[str]) -> None:
    """That a format shows the family as the catalogue has it."""
    shown_as_gauge = family.type == "info" and seen.type == "gauge"
    assert shown_as_gauge or seen.type == family.type
    assert seen.help == family.help
    assert seen.unit in (None, family.unit)
    always = {label.name for label in family.labels if label.always} | (region if family.operation_labels else set())
    for labels in seen.labels:
        names = set(labels) - OF_TYPES.get(family.type, set())
        assert always <= names <= always | set(family.label_names)
        for label in family.labels:
            assert not label.values or label.name not in labels or labels[label.name] in label.values


def compare(url: str, accept: str, namespace: str) -> set[str]:
    """The names of the families that a format shows, after each was held against the catalogue."""
    names = set()
    for name, seen in seen_at(url, accept).items():
        family = catalogue.find(name, namespace)
        assert family is not None, f"{name} is exposed, and the catalogue has no such family"
        prefix = f"{namespace}_" if namespace and family.namespaced else ""
        assert {name.removeprefix(prefix) for name in seen.names} <= family.sample_names, name
        if accept == OPENMETRICS:
            assert name == prefix + family.name
        elif accept == PROTOBUF:
            assert name == prefix + family.exposed_name
        try:
            check(seen, family, {"region"})
        except AssertionError as error:
            raise AssertionError(f"{name} in {accept}: {error}") from error
        names.add(family.name)
    return names


def test_a_service_with_everything_exposes_the_catalogue() -> None:
    with service(TOOLVITALS_DIR="yes", METRICS_NAMESPACE="shop") as url:
        for accept in FORMATS:
            assert compare(url, accept, "shop") == {family.name for family in catalogue.FAMILIES}


# These need several processes that share a directory.
SHARED = {"toolvitals_merge_conflicts", "toolvitals_refused_segments"}


def test_a_process_alone_exposes_the_rest() -> None:
    with service() as url:
        for accept in FORMATS:
            assert compare(url, accept, "") == {family.name for family in catalogue.FAMILIES} - SHARED


def test_what_an_idle_process_exposes_is_in_it(prometheus_url: str) -> None:
    for accept in FORMATS:
        found = compare(prometheus_url, accept, "")
        assert {"python", "process_threads", "toolvitals_series"} <= found

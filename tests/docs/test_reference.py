"""docs/reference: what the pages on settings and on JSON list is what there is, with the same defaults and keys."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import toolvitals as tv
from toolvitals import prometheus
from toolvitals.settings import Settings
from toolvitals.testing import isolated

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


def rows_below(page: str, head: str) -> list[list[str]]:
    """The cells of the table that has that head."""
    _, _, table = (REFERENCE / page).read_text(encoding="utf-8").partition(head)
    return [
        [cell.strip() for cell in row.strip("|").split(" | ")] for row in table.partition("\n\n")[0].splitlines()[2:]
    ]


def test_every_name_of_the_package_is_on_the_page_of_the_api() -> None:
    page = (REFERENCE / "python-api.md").read_text(encoding="utf-8")
    assert [name for name in tv.__all__ if not re.search(rf"\b{name}\b", page)] == []


def test_every_setting_is_there_with_its_variable_and_default() -> None:
    rows = rows_below("configuration.md", "| variable | argument | default | allowed | meaning |")
    fields = {field.name: field.default for field in dataclasses.fields(Settings)}
    assert [row[1].strip("`") for row in rows] == list(fields)
    for variable, argument, default, *_ in rows:
        name = argument.strip("`")
        if default not in ("unset", "empty"):
            read = Settings.from_env({variable.strip("`"): default})
            assert read == Settings(), f"{variable} is {default} by default"
        assert (default in ("unset", "empty")) == (fields[name] in ("", None)), variable


def test_what_a_change_means_is_said_of_what_is_in_use() -> None:
    """Of all settings but those of the endpoints, which have no collector."""
    said = {
        name
        for cell, *_ in rows_below("configuration.md", "| setting | effect of `start()` with another value |")
        for name in re.findall(r"`(\w+)", cell)
    }
    of_endpoints = {"json_endpoint_enabled", "json_port", "prometheus_enabled", "prometheus_port", "on_port_in_use"}
    assert said == {field.name for field in dataclasses.fields(Settings)} - of_endpoints - {"host", "auth_token"}


def shape(value: Any) -> Any:
    """Its keys; of objects whose keys are names, those of one value."""
    if not isinstance(value, Mapping):
        return None
    return {key: shape(inner) for key, inner in value.items()}


def test_the_example_of_json_has_the_keys_of_a_document() -> None:
    page = (REFERENCE / "json.md").read_text(encoding="utf-8")
    example = json.loads(re.search(r"```json\n(.*?)```", page, re.DOTALL).group(1))  # type: ignore[union-attr]
    with isolated() as collector:
        collector.record_tool_call("search", latency_ms=1.0)
        collector.record_tool_call("search", success=False, latency_ms=1.0, error_type="TimeoutError")
        collector.record_cache_hit("semantic")
        orders = prometheus.Counter("orders_of_the_example", "Orders taken.", ["shop"])
        try:
            orders.labels("harbour").inc()
            document = tv.get_collector().get_all_metrics()
        finally:
            prometheus.REGISTRY.unregister(orders)
    for named, name in (("tools", "search"), ("caches", "semantic")):
        assert shape(example[named].pop(name)) == shape(document[named].pop(name))
        document[named].clear()
    shown, made = example["metrics"].pop("orders"), document["metrics"].pop("orders_of_the_example")
    document["metrics"].clear()
    assert shape(shown) == shape(made)
    assert shape(shown["series"][0]) == shape(made["series"][0])
    for whole in (example, document):
        whole["toolvitals"]["collectors"] = whole["toolvitals"]["overflow"] = None
    assert shape(example) == shape(document)
    keys = {
        key for cell, *_ in rows_below("json.md", "| key | type | meaning |") for key in re.findall(r"`(\w+)`", cell)
    }
    assert keys == set(document)

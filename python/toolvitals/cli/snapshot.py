"""`toolvitals snapshot`: all metrics once, as JSON, Prometheus text or OpenMetrics."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any

import click

from toolvitals.catalogue import Group, find
from toolvitals.cli._file import write_file
from toolvitals.cli._options import source_options
from toolvitals.cli._output import say
from toolvitals.cli._source import failing
from toolvitals.sources import Format, Source
from toolvitals.sources.document import document_of

__all__ = ["snapshot"]

_SEPARATORS = {True: (",", ": "), False: (",", ":")}


@click.command()
@source_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["json", "prometheus", "openmetrics"]),
    default="json",
    show_default=True,
    help="JSON, Prometheus text 0.0.4 or OpenMetrics 1.0.0.",
)
@click.option(
    "--pretty/--compact",
    default=None,
    help="JSON with line breaks, or as it was received.  [default: pretty on a terminal]",
)
@click.option(
    "--name", "names", metavar="FAMILY", multiple=True, help="Only this family; give it again for more of them."
)
@click.option("--output", "-o", metavar="FILE", help="Replace this file instead of printing; `-` prints.")
def snapshot(
    choose_source: Callable[[], Source],
    format_: Format,
    pretty: bool | None,
    names: tuple[str, ...],
    output: str | None,
) -> None:
    """Print all metrics once.

    FAMILY is a family's own name, or the name of one of its samples, as Prometheus has it.
    """
    if pretty is not None and format_ != "json":
        raise click.UsageError("--pretty and --compact are for JSON")
    printed = output is None or output == "-"
    source = choose_source()
    with failing():
        body = source.render(format_, names)
        if format_ == "json":
            for_people = printed and sys.stdout.isatty() if pretty is None else pretty
            body = _json(body, source.title, names, for_people)
    if output is None or printed:
        say(body, nl=False)
    else:
        write_file(output, body)


def _json(body: bytes, title: str, names: tuple[str, ...], for_people: bool) -> bytes:
    """The document with a line's end: byte for byte as it was received, unless parts or line breaks are asked for."""
    document = document_of(body, title)
    if names:
        document = _part_of(document, names)
    elif not for_people:
        return body.rstrip() + b"\n"
    text = json.dumps(
        document, ensure_ascii=False, indent=2 if for_people else None, separators=_SEPARATORS[for_people]
    )
    return _shown(text).encode() + b"\n"


# Which part of the document says the same as the families of a group.
_PARTS: dict[Group, str] = {
    "tools": "tools",
    "caches": "caches",
    "process": "system",
    "python": "system",
    "toolvitals": "toolvitals",
}
_SUFFIXES = ("_total", "_created", "_info", "_bucket", "_count", "_sum", "_gcount", "_gsum")


def _part_of(document: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The document with what the named families are in, and what says of when and whom it is.

    An instrument is named by its family or a sample. The families of tools and caches are whole parts of the document,
    and so are those of the process with the interpreter, and those of toolvitals itself.
    """
    bare = {name.removesuffix(suffix) for name in names for suffix in ("", *_SUFFIXES)}
    metrics = {name: family for name, family in document["metrics"].items() if name in bare}
    namespace = str(document.get("namespace", ""))
    ours = [find(name, namespace) for name in names]
    parts = {_PARTS.get(family.group) for family in ours if family is not None and family.name not in metrics}
    of_tools = ("duration_bounds_seconds",) if "tools" not in parts else ()
    left_out = {part for part in _PARTS.values() if part not in parts}.union(of_tools, ["metrics"])
    kept = {key: value for key, value in document.items() if key not in left_out}
    return {**kept, "metrics": metrics} if metrics else kept


def _shown(text: str) -> str:
    """The same JSON without characters that a terminal would obey, or that UTF-8 does not know: they are escaped.

    Only strings can hold any, beside the line breaks between the values.
    """
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] for c in text)

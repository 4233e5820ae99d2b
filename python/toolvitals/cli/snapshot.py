"""`toolvitals snapshot`: all metrics once, as JSON, Prometheus text or OpenMetrics."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import click

from toolvitals.cli._families import document_of, exposition_of
from toolvitals.cli._file import write_file
from toolvitals.cli._options import source_options
from toolvitals.cli._output import say
from toolvitals.cli._source import Source, parse_document

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
    help="OpenMetrics is made by endpoints alone.",
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
    choose_source: Callable[[], Source], format_: str, pretty: bool | None, names: tuple[str, ...], output: str | None
) -> None:
    """Print all metrics once.

    FAMILY is a family's own name, or the name of one of its samples, as Prometheus has it.
    """
    if pretty is not None and format_ != "json":
        raise click.UsageError("--pretty and --compact are for JSON")
    printed = output is None or output == "-"
    source = choose_source()
    body = source.body(format_)
    if format_ == "json":
        for_people = printed and sys.stdout.isatty() if pretty is None else pretty
        body = _json(body, source.title, names, for_people)
    elif names:
        body = exposition_of(body, names)
    if output is None or printed:
        say(body, nl=False)
    else:
        write_file(output, body)


def _json(body: bytes, title: str, names: tuple[str, ...], for_people: bool) -> bytes:
    """The document with a line's end: byte for byte as it was received, unless parts or line breaks are asked for."""
    document = parse_document(body, title)
    if names:
        document = document_of(document, names)
    elif not for_people:
        return body.rstrip() + b"\n"
    text = json.dumps(
        document, ensure_ascii=False, indent=2 if for_people else None, separators=_SEPARATORS[for_people]
    )
    return _shown(text).encode() + b"\n"


def _shown(text: str) -> str:
    """The same JSON without characters that a terminal would obey, or that UTF-8 does not know: they are escaped.

    Only strings can hold any, beside the line breaks between the values.
    """
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] for c in text)

"""The fenced blocks of a Markdown page, and what the page says of them to whoever runs it.

A block whose first line is a comment that is a file's name (`# server.py`) is that file. An HTML comment right above a
block is a remark for the tests, which readers do not see:

    <!-- not run: why -->               the block cannot be run here
    <!-- runs on, listens at 8000 -->   what the block starts goes on while the following blocks run
    <!-- runs on -->                    likewise; it is there when it has written something
    <!-- beside a service -->           the reader's own service runs from here on, see service.py
    <!-- alone -->                      what runs has been stopped, as the text says; also in front of "runs on"
    <!-- exits with 3 -->               the exit status of a block that ends otherwise than with 0
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

__all__ = ["Block", "blocks_of"]

_FILE = re.compile(r"(?:#|//) ([\w./-]+\.\w+)")
_REMARK = re.compile(
    r"<!-- (?:not run: (?P<why>.+)|(?P<beside>beside a service(?:; )?)?(?P<alone>alone(?:; )?)?"
    r"(?:(?P<on>runs on)(?:, listens at (?P<port>\d+))?|exits with (?P<exit>\d+))?) -->"
)


@dataclass(frozen=True)
class Block:
    """A fenced block. `line` counts from 1 and is that of the fence."""

    line: int
    language: str
    code: str
    not_run: str | None = None
    beside_a_service: bool = False
    alone: bool = False
    runs_on: bool = False
    port: int | None = None
    exit_status: int = 0

    @property
    def file(self) -> str | None:
        """The name of the file that the block is, or None."""
        named = _FILE.fullmatch(self.code.partition("\n")[0])
        return named[1] if named else None


def blocks_of(page: Path) -> list[Block]:
    """Every fenced block, in the order of the page. Raises ValueError for a remark that is none, or has no block."""
    blocks = []
    remark: re.Match[str] | None = None
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "fence":
            blocks.append(_block(line, token.info.strip(), token.content, remark))
            remark = None
        elif remark is not None and token.nesting == 0:
            raise ValueError(f"{page}:{line}: the remark above stands before no block")
        elif token.type == "html_block":
            remark = _REMARK.fullmatch(token.content.strip())
            if remark is None:
                raise ValueError(f"{page}:{line}: no remark of the tests: {token.content.strip()}")
    if remark is not None:
        raise ValueError(f"{page}: the last remark stands before no block")
    return blocks


def _block(line: int, language: str, code: str, remark: re.Match[str] | None) -> Block:
    if remark is None:
        return Block(line, language, code)
    return Block(
        line,
        language,
        code,
        not_run=remark["why"],
        beside_a_service=remark["beside"] is not None,
        alone=remark["alone"] is not None,
        runs_on=remark["on"] is not None,
        port=int(remark["port"]) if remark["port"] else None,
        exit_status=int(remark["exit"] or 0),
    )

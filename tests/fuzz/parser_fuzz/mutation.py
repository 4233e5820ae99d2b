"""Changes to a text that keep it close to what a parser may take: pieces of the formats put in, lines taken out."""

from __future__ import annotations

import random

__all__ = ["mutate"]

_NATIVE = "{count:1,sum:2,schema:0,zero_threshold:0,zero_count:0,positive_spans:[0:1],positive_deltas:[1]}"
_PIECES = [
    *',{}"=\\#:',
    *("\\n", "\\\\", '\\"', " ", "  ", "\t", "\n", "\r", " # ", "# EOF\n"),
    *("# HELP a ", "# TYPE a counter\n", "# TYPE a histogram\n", "# TYPE a info\n", "# UNIT a_s s\n"),
    *("a", "le", "quantile", "__name__", "_total", "_bucket", "_sum", "_count", "_created", "_info"),
    *("0", "1", "-1", "NaN", "+Inf", "1e3", ".5", "1_0", "9" * 400),
    *('{a="b"}', ',a="b"', ",}", "{,}", '{"a.b"}', _NATIVE, "\u00e9"),
]
_MAX_EDITS = 3
_MAX_CUT = 6


def mutate(text: str, source: random.Random) -> str:
    """The text with one to three changes."""
    for _ in range(source.randint(1, _MAX_EDITS)):
        text = _edit(text, source)
    return text


def _edit(text: str, source: random.Random) -> str:
    at = source.randint(0, len(text))
    behind = at + source.randint(1, _MAX_CUT)
    lines = text.split("\n")
    kind = source.randrange(5)
    if kind == 0:
        return text[:at] + source.choice(_PIECES) + text[at:]
    if kind == 1:
        return text[:at] + text[behind:]
    if kind == 2:
        return text[:at] + source.choice(_PIECES) + text[behind:]
    if kind == 3:
        lines.insert(source.randint(0, len(lines)), source.choice(lines))
    else:
        del lines[source.randrange(len(lines))]
    return "\n".join(lines)

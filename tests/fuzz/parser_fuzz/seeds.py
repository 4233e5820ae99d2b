"""Texts to begin with: the project's own corpus and goldens, and the OpenMetrics project's cases where they are."""

from __future__ import annotations

from pathlib import Path

__all__ = ["PUBLIC_CASES", "seeds"]

_ROOT = Path(__file__).parents[3]
PUBLIC_CASES = _ROOT.parent / "shared" / "data" / "openmetrics-parsers"
_CORPUS = _ROOT / "tests" / "fuzz" / "corpus"
_GOLDENS = _ROOT / "tests" / "data" / "render"
_ENDINGS = {"text": "*.prom", "openmetrics": "*.om*"}


def seeds(kind: str) -> list[str]:
    """The texts for a format, in a fixed order."""
    paths = [
        *sorted((_CORPUS / f"parser_{kind}").glob("*")),
        *sorted(_GOLDENS.glob(_ENDINGS[kind])),
        *sorted(PUBLIC_CASES.glob("*/metrics")),
    ]
    return [path.read_text(encoding="utf-8") for path in paths]

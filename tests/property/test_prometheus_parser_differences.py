"""What is nearly a scrape is read as prometheus_client reads it, or refused; tests/fuzz/parser_fuzz says where not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parser_fuzz.mutation import mutate
from parser_fuzz.oracle import FORMATS, difference
from parser_fuzz.seeds import seeds

_MAX_CHARACTERS = 3000
_TEXTS = {kind: [text for text in seeds(kind) if len(text) <= _MAX_CHARACTERS] for kind in FORMATS}


@pytest.mark.parametrize("kind", FORMATS)
def test_the_seeds_are_read_alike(kind: str) -> None:
    assert len(_TEXTS[kind]) >= 1
    assert [found for text in _TEXTS[kind] if (found := difference(text, kind))] == []


# The same texts each time; the fuzz targets look for others.
@pytest.mark.parametrize("kind", FORMATS)
@settings(derandomize=True)
@given(number=st.integers(0, 2**32))
def test_changed_texts_are_read_alike(kind: str, number: int) -> None:
    source = random.Random(number)
    found = difference(mutate(source.choice(_TEXTS[kind]), source), kind)
    assert found is None, found


@pytest.mark.parametrize("kind", FORMATS)
@settings(derandomize=True)
@given(text=st.text(max_size=60))
def test_any_text_is_read_alike(kind: str, text: str) -> None:
    assert difference(text, kind) is None

"""Hypothesis: properties that are tools, strategies made of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, seed, settings
from hypothesis import strategies as st

FRAMEWORK = "Hypothesis"
DISTRIBUTION = "hypothesis"

few = settings(max_examples=5, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.mark.calls(5)
def test_given(tool: Any) -> object:
    """`@given` over a tool: arguments by name, examples, and as many calls as examples."""
    seen: list[Any] = []

    @few
    @given(a=st.integers(0, 3))
    @example(a=99)
    @tool
    def prop(a: int) -> None:
        seen.append(a)

    prop()
    return seen


@pytest.mark.calls(1)
def test_over_given(tool: Any) -> object:
    """A tool over `@given`: the whole search is one call."""
    seen: list[Any] = []

    @tool
    @few
    @given(st.integers(0, 3))
    def prop(a: int) -> None:
        seen.append(a)

    prop()
    return seen, prop.hypothesis is not None


@pytest.mark.calls(10)
def test_strategies(tool: Any) -> object:
    """`builds` by annotations, `composite`, `map` with tools."""
    seen: list[Any] = []

    @tool("pair")
    def pair(a: bool, b: bool) -> tuple[bool, bool]:
        return a, b

    @st.composite
    @tool("composite")
    def composite(draw: Any) -> int:
        return draw(st.integers(0, 1))

    @seed(1)
    @few
    @given(st.builds(pair), composite())
    def prop(both: Any, a: int) -> None:
        seen.append((both, a))

    prop()
    return len(seen), {type(a) for _, a in seen}

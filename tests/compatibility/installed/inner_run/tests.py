"""Tests that are tools where their conftest says so; one of them fails."""

from __future__ import annotations

import pytest

from conftest import tool


@tool("test")
def test_function(closed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert closed in (4, 5)


@pytest.mark.parametrize("a", [1, 2, 3])
@tool("parametrized")
def test_parametrized(a: int) -> None:
    assert a < 3, a


class TestClass:
    @tool("method")
    def test_method(self, number: int) -> None:
        assert number == 3

"""What is compiled."""

from __future__ import annotations

from collections.abc import Iterator


def add(a: int, b: int = 1) -> int:
    """Adds."""
    return a + b


def fails() -> None:
    raise KeyError("lost")


async def later(a: int) -> int:
    return a


def numbers(n: int) -> Iterator[int]:
    yield from range(n)


class Tools:
    factor = 3

    def method(self, a: int) -> int:
        return a * self.factor

"""Imports in an interpreter that has imported nothing of the package yet."""

from __future__ import annotations


def import_package() -> None:
    import toolvitals  # noqa: F401

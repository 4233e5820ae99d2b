"""Tries `toolvitals.tool` in real frameworks and writes what came out: `python -m tests.compatibility`."""

from __future__ import annotations

"""Toolvitals beside its peers: `python -m benchmarks` measures and writes RESULTS.md."""

from __future__ import annotations

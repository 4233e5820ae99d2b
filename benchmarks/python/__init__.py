"""What is measured from Python. Each module is one area, run in a process of its own by `benchmarks.areas`."""

from __future__ import annotations

"""Kills the processes of a service at random instants, and counts what is left: `python -m tests.crash`."""

from __future__ import annotations

"""Fuzzing the two parsers, with prometheus_client's as the judge."""

from __future__ import annotations

"""What tests of one process share: a collector that has counted nothing yet."""

from __future__ import annotations

import pytest

import toolvitals as tv


@pytest.fixture
def from_zero() -> None:
    """For tests whose module says `pytest.mark.usefixtures("from_zero")`."""
    tv.get_collector().reset()

"""What every Python test shares: an environment without settings, signals that do what they should, Hypothesis without
a clock, and free ports."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable

import hypothesis
import pytest
from ports import free_port

# Settings of the shell that runs the tests must not reach them; each test sets what it needs.
_OURS = ("METRICS_", "PROMETHEUS_", "PERFORMANCE_METRICS_", "TOOLVITALS_")
for _name in [name for name in os.environ if name.startswith(_OURS)]:
    del os.environ[_name]

# Run in the background or by nohup, tests begin with some signals ignored, and every program that they start would too.
for _number, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGQUIT, signal.SIG_DFL),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

# Examples are the same in every run, so a failure is one for everybody, and no example is judged by wall time.
# HYPOTHESIS_PROFILE=explore searches on with fresh ones.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(autouse=True, scope="module")
def _only_new_garbage() -> None:
    """Collections look at what the tests of a file make, and not at all that the frameworks of the other files hold."""
    gc.collect()
    gc.freeze()


# By the names of pytest-asyncio, whose ports another program may be given by the kernel before they are listened on.
@pytest.fixture
def unused_tcp_port() -> int:
    return free_port()


@pytest.fixture
def unused_tcp_port_factory() -> Callable[[], int]:
    return free_port

"""_core.Ingest: what Python sees of it, forks, a GIL that is held, and a store that moves."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from child import result_of
from programs import ipc_native

from toolvitals import _core


def ingest(path: str | None, datagram_path: str | None = None, mode: int = 0o600, labels: Any = ()) -> _core.Ingest:
    return _core.Ingest(socket=path, datagram_socket=datagram_path, mode=mode, labels=labels)


def test_the_handle(tmp_path: Path) -> None:
    path, datagram_path = str(tmp_path / "s"), str(tmp_path / "d")
    running = ingest(path, datagram_path)
    assert (running.socket, running.datagram_socket, running.running) == (path, datagram_path, True)
    assert sorted(os.listdir(tmp_path)) == ["d", "s"]
    running.stop()
    running.stop()
    assert not running.running
    assert not os.listdir(tmp_path)
    del running
    alone = ingest(None, datagram_path)
    assert alone.socket is None
    del alone
    assert not os.listdir(tmp_path)


def test_errors_have_their_numbers_and_name_the_path(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    live = ingest(path)
    with pytest.raises(OSError, match=path) as in_use:
        ingest(path)
    assert in_use.value.errno == errno.EADDRINUSE
    live.stop()
    with pytest.raises(FileNotFoundError, match="none"):
        ingest(str(tmp_path / "none" / "s"))
    with pytest.raises(ValueError, match="107"):
        ingest("x" * 108)
    with pytest.raises(ValueError, match="mode 1000"):
        ingest(path, mode=0o1000)
    with pytest.raises(ValueError, match="stream socket"):
        ingest(None)
    with pytest.raises(ValueError, match=r"labels \[\] already, not \[a\]"):
        ingest(path, labels=["a"])
    with pytest.raises(TypeError):
        ingest(path, mode=-1)


def test_a_later_one_goes_on_counting(tmp_path: Path) -> None:
    assert result_of(ipc_native.ingest_three_times, str(tmp_path / "s")) == [10, 20, 30]


def test_a_forked_child_leaves_the_socket_alone_and_may_have_its_own(tmp_path: Path) -> None:
    sent, counted, exists = result_of(ipc_native.fork_while_lines_come, str(tmp_path / "s"), str(tmp_path / "own"))
    # The children's records are this service's too.
    assert counted == sent + 20 * 7
    assert not exists


def test_lines_are_taken_while_a_c_call_holds_the_gil(tmp_path: Path) -> None:
    assert result_of(ipc_native.hold_the_gil_while_lines_come, str(tmp_path / "s")) == 100_000


def test_a_store_that_moves_meanwhile_loses_no_line(tmp_path: Path) -> None:
    assert result_of(ipc_native.move_while_lines_come, str(tmp_path / "s"), str(tmp_path / "d")) == 500_000


def test_it_takes_what_a_client_sends(tmp_path: Path) -> None:
    text = result_of(ipc_native.take_what_a_client_sends, str(tmp_path / "s"))
    assert 'operations_total{operation_type="upload",outcome="success"} 1' in text
    assert 'operation_bytes_total{operation_type="upload"} 10' in text
    assert "jobs_total 3" in text
    assert "active_users 1.0" in text
    assert 'toolvitals_ipc_lines_total{result="accepted"} 2' in text

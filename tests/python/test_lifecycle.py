"""_lifecycle: who is told of start, stop, fork and exit, and in which order."""

from __future__ import annotations

import pytest
from child import result_of, run

HOOKS = """
    import json, os, sys
    from toolvitals._lifecycle import Event, Rank, happened, when
    told = []
    {prepare}
    def endpoints(): told.append("endpoints")
    def collectors(): told.append("collectors")
    def raises(): told.append("raises"); raise ValueError("harms nobody")
    def clock(): told.append("clock")
    def senders(): told.append("senders")
    def more_senders(): told.append("more senders")
    def register(event):
        for rank, hook in (
            (Rank.SENDERS, senders), (Rank.SENDERS, more_senders), (Rank.CLOCK, clock), (Rank.COLLECTORS, raises),
            (Rank.COLLECTORS, collectors), (Rank.ENDPOINTS, endpoints), (Rank.ENDPOINTS, endpoints),
        ):
            when(event, rank, hook)
    import logging; logging.getLogger("toolvitals").setLevel(logging.CRITICAL)
"""
UP = ["endpoints", "raises", "collectors", "clock", "senders", "more senders"]
DOWN = ["senders", "more senders", "clock", "raises", "collectors", "endpoints"]


@pytest.mark.parametrize(("event", "order"), [("STARTED", UP), ("FORKED", UP), ("STOPPED", DOWN), ("EXIT", DOWN)])
def test_the_order_of_an_event(event: str, order: list[str]) -> None:
    code = HOOKS.format(prepare="") + f"    register(Event.{event}); happened(Event.{event}); print(json.dumps(told))"
    assert result_of(code) == order


def test_a_fork_is_told_in_the_child_alone() -> None:
    code = HOOKS.format(prepare="") + (
        """
    register(Event.FORKED)
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, json.dumps(told).encode())
        os._exit(0)
    os.wait()
    print(json.dumps([json.loads(os.read(read, 1000)), told]))
    """
    )
    assert result_of(code) == [UP, []]


def test_the_exit_is_told_behind_the_programs_own() -> None:
    code = HOOKS.format(prepare="import atexit") + (
        """
    class Told(list):
        append = staticmethod(lambda name: print(name, flush=True))
    told = Told()
    register(Event.EXIT)
    atexit.register(print, "the program's own", flush=True)
    """
    )
    assert run(code).stdout.splitlines() == ["the program's own", *DOWN]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("imported", ["before", "after"])
def test_a_worker_of_multiprocessing_is_told_of_its_end(method: str, imported: str, tmp_path: object) -> None:
    # A worker skips atexit. The program is a file, since spawned workers import it.
    program = f"""
        import multiprocessing, sys
        {"" if imported == "before" else "import multiprocessing.util"}
        from toolvitals._lifecycle import Event, Rank, when
        {"import multiprocessing.util" if imported == "before" else ""}
        def end():
            print("end", multiprocessing.current_process().name, flush=True)
        when(Event.EXIT, Rank.SENDERS, end)
        def work():
            print("work", flush=True)
        if __name__ == "__main__":
            process = multiprocessing.get_context("{method}").Process(target=work, name="worker")
            process.start()
            process.join()
            print("main", flush=True)
    """
    code = f"""
        import pathlib, runpy, sys, textwrap
        path = pathlib.Path({str(tmp_path)!r}, "program.py")
        path.write_text(textwrap.dedent({program!r}))
        import subprocess
        print(subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True).stdout)
    """
    lines = run(code).stdout.split("\n")
    assert lines[:2] == ["work", "end worker"]
    assert lines[lines.index("main") + 1] == "end MainProcess"


def test_a_module_that_is_loaded_again_is_told_once() -> None:
    code = """
        import importlib, json
        import toolvitals.endpoints as endpoints
        from toolvitals import _lifecycle
        before = {event: list(hooks) for event, hooks in _lifecycle._hooks.items()}
        importlib.reload(endpoints)
        print(json.dumps(before == {event: list(hooks) for event, hooks in _lifecycle._hooks.items()}))
    """
    assert result_of(code) is True

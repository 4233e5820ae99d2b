"""Services that share a port, and programs that load or run the same thing twice."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import urllib.request

from child import command

import toolvitals as tv
import toolvitals.endpoints


def share_with_a_child(port: str) -> bool:
    handle = tv.start(json_port=int(port), on_port_in_use="share")
    with subprocess.Popen(
        command(share_until_told, str(handle.json_port)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "serves\n"
        pids: set[int] = set()
        while len(pids) < 2:
            with urllib.request.urlopen(f"http://127.0.0.1:{handle.json_port}/health") as answer:
                pids.add(json.load(answer)["pid"])
        child.communicate()
    return pids == {os.getpid(), child.pid}


def share_until_told(port: str) -> None:
    tv.start(json_port=int(port), on_port_in_use="share")
    print("serves", flush=True)
    sys.stdin.read()


def reload_the_package() -> list[bool]:
    handle = tv.start(json_port=0)
    importlib.reload(toolvitals.endpoints)
    importlib.reload(tv)
    facts = [tv.start().json_port == handle.json_port, tv.start().running]
    tv.stop()
    return [*facts, handle.running]


def run_a_cell_twice() -> list[object]:
    """As a notebook does: the same statements again, in a module that has what they left."""
    cell = importlib.import_module("programs.cell")
    importlib.reload(cell)
    found = tv.get_collector().get_tool_metrics("search")
    return [cell.handle.running, found and found["total_calls"]]

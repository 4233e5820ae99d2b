"""gevent and eventlet, patched first, in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

FRAMEWORK = "gevent, eventlet"
DISTRIBUTION = "gevent"

END = """
tools = tv.get_collector().get_all_metrics()["tools"]
print(json.dumps([said, sum(each["total_calls"] for each in tools.values())]))
"""
GEVENT = """
from gevent import monkey
monkey.patch_all()
import json, sys, threading, gevent, gevent.pool
import toolvitals as tv
tool = tv.tool if sys.argv[1] == "True" else lambda function: function

@tool
def work(a):
    gevent.sleep(0)
    return a * 2

@tool
def numbers(n):
    for i in range(n):
        gevent.sleep(0)
        yield i

@tool
def forever():
    gevent.sleep(3600)

spawned = [gevent.spawn(work, i) for i in range(5)]
gevent.joinall(spawned)
said = [each.value for each in spawned]
said += gevent.pool.Pool(2).map(work, [5, 6])
said.append(gevent.spawn(lambda: list(numbers(3))).get())
stuck = gevent.spawn(forever)
gevent.sleep(0)
stuck.kill()
thread = threading.Thread(target=work, args=(1,))
thread.start()
thread.join()
"""
EVENTLET = """
import eventlet
eventlet.monkey_patch()
import json, sys
import toolvitals as tv
tool = tv.tool if sys.argv[1] == "True" else lambda function: function

@tool
def work(a):
    eventlet.sleep(0)
    return a * 2

@tool
def forever():
    eventlet.sleep(3600)

pool = eventlet.GreenPool(3)
said = list(pool.imap(work, range(5)))
stuck = eventlet.spawn(forever)
eventlet.sleep(0)
stuck.kill()
"""


def run(tool: Any, program: str) -> object:
    """What a program says, and what it recorded."""
    command = [sys.executable, "-W", "ignore", "-c", program + END, str(tool.decorated)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=100).stdout
    said, calls = json.loads(output.splitlines()[-1])
    tool.elsewhere(calls)
    return said


@pytest.mark.calls(10)
def test_gevent(tool: Any) -> object:
    """gevent: tools in greenlets, a pool, a generator, a killed greenlet, a patched thread."""
    return run(tool, GEVENT)


@pytest.mark.calls(6)
def test_eventlet(tool: Any) -> object:
    """eventlet: tools in a pool of greenlets, a killed greenlet."""
    return run(tool, EVENTLET)

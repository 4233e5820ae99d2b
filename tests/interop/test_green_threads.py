"""Programs that gevent or eventlet has patched first: their collectors run, and so do they."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from test_prefork import free_port, get, wait_for

__all__: list[str] = []

PATCHES = {
    "gevent": "from gevent import monkey; monkey.patch_all()",
    "eventlet": "import eventlet; eventlet.monkey_patch()",
}

# Greenlets of the program count on while its collectors are called, and what those say is seen through its own patched
# sockets. The thread that collects is told by the kernel's number.
PROGRAM = """
import json, threading, time, urllib.request
import toolvitals as tv
import toolvitals.prometheus as ours
from toolvitals.prometheus.core import GaugeMetricFamily

main, seen, counted = threading.get_native_id(), {}, [0]

class Custom:
    def describe(self):
        return []

    def collect(self):
        seen["collector"] = threading.get_native_id()
        # Patched too; it blocks this thread alone.
        time.sleep(0.05)
        return [GaugeMetricFamily("custom", "h", value=1)]

def function():
    seen["function"] = threading.get_native_id()
    return 2

def hangs():
    while True:
        time.sleep(3600)

def count():
    while True:
        counted[0] += 1
        time.sleep(0.001)

threading.Thread(target=count, daemon=True).start()
ours.REGISTRY.register(Custom())
ours.Gauge("of_function", "h").set_function(function)
ours.Gauge("of_hang", "h").set_function(hangs)
endpoints = tv.start(json_port=0, refresh_interval_s=0.1, refresh_deadline_s=0.5)
while True:
    with urllib.request.urlopen(endpoints.json_url) as answer:
        document = json.load(answer)
    shown = {name: family["series"] for name, family in document["metrics"].items()}
    hung = document["toolvitals"]["collectors"].get("of_hang", {}).get("hangs")
    if hung and shown.get("custom") and shown["of_function"]:
        break
    time.sleep(0.01)
before = counted[0]
while counted[0] < before + 10:
    time.sleep(0.01)
own = main not in seen.values()
values = [shown["custom"][0]["value"], shown["of_function"][0]["value"], shown["of_hang"]]
print(json.dumps([*values, hung, own]), flush=True)
"""


@pytest.mark.parametrize("patch", PATCHES.values(), ids=PATCHES)
def test_a_patched_program_goes_on_and_collects(patch: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", f"{patch}\n{PROGRAM}"], capture_output=True, text=True, timeout=100
    )
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout) == [1, 2, [], 1, True]


# The program's greenlets count on while the clock calls, one of its subscribers waits through the patched `time`, and a
# subscription can be ended.
PERIODIC = """
import json, threading, time
{imports}
from toolvitals import periodic

counted, called, slow = [0], [0], [0]

def count():
    while True:
        counted[0] += 1
        time.sleep(0.001)

def waits():
    time.sleep(0.02)
    slow[0] += 1

class Source:
    def read(self):
        return 1

def add(one):
    called[0] += one

threading.Thread(target=count, daemon=True).start()
subscriptions = [periodic.every(Source(), 0.01, add), periodic.every(None, 0.01, waits)]
while called[0] < 5 or slow[0] < 3 or counted[0] < 10:
    time.sleep(0.001)
ended = [one.stop(30) for one in subscriptions]
before = called[0]
while counted[0] < 10:
    time.sleep(0.001)
print(json.dumps([ended, called[0] - before]), flush=True)
"""


@pytest.mark.parametrize("patch", PATCHES.values(), ids=PATCHES)
@pytest.mark.parametrize("order", ["{patch}", "import toolvitals.periodic\n{patch}"], ids=["first", "late"])
def test_a_patched_program_is_called_by_the_clock(patch: str, order: str) -> None:
    code = PERIODIC.replace("{imports}", order.format(patch=patch))
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout) == [[True, True], 0]


def test_under_gunicorns_gevent_worker(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        textwrap.dedent("""
            import threading
            import toolvitals as tv
            import toolvitals.prometheus as ours

            main = threading.get_native_id()
            gauge = ours.Gauge("of_worker", "h")
            gauge.set_function(lambda: float(threading.get_native_id() != threading.main_thread().native_id))
            endpoints = None

            def application(environ, start_response):
                global endpoints
                if endpoints is None:
                    endpoints = tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0)
                start_response("200 OK", [("Content-Type", "text/plain")])
                return [str(endpoints.prometheus_port).encode()]
        """)
    )
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", "gevent", "-w", "1", "-b", f"127.0.0.1:{port}", "app"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port, server)
            while True:
                metrics = get(int(get(port)), "/metrics").decode()
                found = [line for line in metrics.splitlines() if line.startswith("of_worker ")]
                if found:
                    break
        finally:
            server.terminate()
    assert float(found[0].split()[1]) == 1

"""Forks, interpreters that end, and subinterpreters."""

from __future__ import annotations

import sys

import pytest
from child import result_of, run


def test_a_forked_child_starts_fresh() -> None:
    code = """
        import json, os
        import toolvitals as tv
        from toolvitals import _core
        collector = tv.get_collector()
        kept = collector.tool("kept")
        decorated = tv.tool("decorated")(lambda: None)
        for _ in range(5):
            kept.record_call(latency_ms=1.0)
            decorated()
        endpoints = tv.start(json_port=0)
        with tv.track("under way"):
            reader, writer = os.pipe()
            if os.fork() == 0:
                found = {"before": kept.metrics()["total_calls"], "running": endpoints.running}
                found["in_progress"] = collector.get_tool_metrics("under way")["in_progress"]
                kept.record_call(latency_ms=1.0)
                decorated()
                with tv.start(json_port=0) as own:
                    found["own"] = own.running and own is not endpoints
                    found["port"] = own.json_port != endpoints.json_port
                found["after"] = [kept.metrics()["total_calls"], collector.get_tool_metrics("decorated")["total_calls"]]
                endpoints.stop()
                tv.stop()
                os.write(writer, json.dumps(found).encode())
                os._exit(0)
            os.wait()
        os.close(writer)
        child = json.loads(os.read(reader, 100_000))
        print(json.dumps([child, kept.metrics()["total_calls"], endpoints.running]))
    """
    child, parent, running = result_of(code)
    assert child == {"before": 0, "running": False, "in_progress": 0, "own": True, "port": True, "after": [1, 1]}
    # What the child recorded is the parent's to show.
    assert parent == 6
    assert running


def test_forks_while_threads_record_and_scrape() -> None:
    # Bare sockets to a numeric address: urllib imports and resolves on its first request, and a fork in the middle of
    # that leaves the child a locked module lock that is CPython's own.
    code = """
        import os, socket, threading
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tested
        import toolvitals as tv
        endpoints = tv.start(json_port=0)
        done = threading.Event()
        def get(port):
            with socket.socket() as client:
                client.connect(("127.0.0.1", port))
                client.sendall(b"GET /metrics HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
                answer = b"".join(iter(lambda: client.recv(1 << 20), b""))
            assert answer.startswith(b"HTTP/1.1 200 "), answer[:200]
        def record():
            i = 0
            while not done.is_set():
                i += 1
                tv.get_collector().record_tool_call("tool %d" % (i % 500), latency_ms=1.0)
                tv.get_collector().tool("kept %d" % (i % 500))
        def scrape():
            while not done.is_set():
                get(endpoints.json_port)
        threads = [threading.Thread(target=work) for work in (record, record, scrape)]
        for thread in threads:
            thread.start()
        for i in range(50):
            pid = os.fork()
            if pid == 0:
                tv.get_collector().record_tool_call("child", latency_ms=1.0)
                total = tv.get_collector().get_tool_metrics("child")["total_calls"]
                with tv.start(json_port=0) as own:
                    get(own.json_port)
                os._exit(0 if total == 1 else 3)
            status = os.waitpid(pid, 0)[1]
            assert status == 0, status
        done.set()
        for thread in threads:
            thread.join()
        print("done")
    """
    assert run(code).stdout == "done\n"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(method: str, tmp_path: object) -> None:
    script = f"{tmp_path}/script.py"
    with open(script, "w", encoding="utf-8") as file:
        file.write(
            "import multiprocessing, toolvitals as tv\n"
            "@tv.tool\n"
            "def work(x):\n"
            "    return x, tv.get_collector().get_tool_metrics('work')['in_progress']\n"
            "if __name__ == '__main__':\n"
            "    tv.start(json_port=0)\n"
            f"    with multiprocessing.get_context({method!r}).Pool(2) as pool:\n"
            "        assert pool.map(work, range(8)) == [(x, 1) for x in range(8)]\n"
            # Who is spawned begins from nothing, and shares with nobody but in a directory.
            f"    calls = {8 if method == 'fork' else 0}\n"
            "    assert tv.get_collector().get_tool_metrics('work')['total_calls'] == calls\n"
            "    print('done')\n"
        )
    assert run(f"import runpy; runpy.run_path({script!r}, run_name='__main__')", check=False).stdout in ("done\n", "")
    import subprocess

    finished = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=100)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == "done\n"


ENDINGS = {
    "plainly": "",
    "with endpoints": "tv.start(json_port=0)",
    "recording at exit": "import atexit; atexit.register(tv.get_collector().record_tool_call, 'exit', True, 1.0)",
    "starting at exit": "import atexit; atexit.register(tv.start, json_port=0)",
    "with daemon threads": """
        import threading
        begun = threading.Event()
        def forever():
            while True:
                tv.get_collector().record_tool_call("daemon", latency_ms=1.0)
                with tv.track("daemon"):
                    begun.set()
        for _ in range(4):
            threading.Thread(target=forever, daemon=True).start()
        begun.wait()
        tv.start(json_port=0)
    """,
    "recording while modules are torn down": """
        class Last:
            def __init__(self):
                self.tool = tv.get_collector().tool("last")
                self.collector = tv.get_collector()
                self.decorated = tv.tool("d")(len)
            def __del__(self):
                self.tool.record_call(True, 1.0)
                self.tool.record_call(True, -1.0)
                self.collector.record_tool_call("later", True, 1.0)
                self.collector.record_cache_hit("later")
                self.decorated(())
        last = Last()
        import sys
        sys.modules["last"] = Last()
    """,
    "in the middle of a call": "tracked = tv.track('t'); tracked.__enter__(); tv.start(json_port=0)",
    "with a generator under way": "steps = tv.tool(name='g')(lambda: (yield 1))(); next(steps)",
    "with a client connected": """
        import socket
        client = socket.create_connection(("127.0.0.1", tv.start(json_port=0).json_port))
        client.sendall(b"GET /metrics HTTP/1.1")
    """,
    "by sys.exit": "tv.start(json_port=0); import sys; sys.exit(0)",
}


@pytest.mark.parametrize("how", ENDINGS)
def test_the_interpreter_ends(how: str) -> None:
    import textwrap

    code = "import toolvitals as tv\n" + textwrap.dedent(ENDINGS[how])
    finished = run(code, check=False)
    assert finished.returncode == 0, finished.stderr
    assert "Traceback" not in finished.stderr
    assert "Fatal" not in finished.stderr


def test_a_subinterpreter_works_or_refuses_cleanly() -> None:
    code = """
        try:
            import _interpreters as interpreters  # its name since Python 3.13
        except ImportError:
            import _xxsubinterpreters as interpreters
        import toolvitals as tv
        tv.get_collector().record_tool_call("t", latency_ms=1.0)
        other = interpreters.create()
        failure = interpreters.run_string(other, '''
        import warnings
        warnings.simplefilter("ignore")
        import toolvitals as tv
        tv.tool(len)([])
        tv.get_collector().record_tool_call("t", latency_ms=1.0)
        tv.get_collector().get_all_metrics()
        '''.replace("\\n        ", "\\n"))
        interpreters.destroy(other)
        assert failure is None, failure
        assert tv.get_collector().get_tool_metrics("t")["total_calls"] in (1, 2)
        print("done")
    """
    assert run(code).stdout == "done\n"

"""A program that closes all descriptors, ours with its own: it goes on, it ends, and what it opens next is its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from child import result_of, run

__all__: list[str] = []

# What a daemon does, and then a program that opens files, sockets and an event loop under the same numbers.
STRANGER = """
import json, os, select, socket, sys, tempfile, time, warnings
import toolvitals as tv

# The stranger keeps its files open to the end.
warnings.simplefilter("ignore", ResourceWarning)

class Stranger:
    def __init__(self):
        os.closerange(3, 256)
        self.epoll = select.epoll()
        self.pairs = [socket.socketpair() for _ in range(20)]
        self.files = [tempfile.TemporaryFile() for _ in range(20)]
        for pair in self.pairs:
            for end in pair:
                end.setblocking(False)
                self.epoll.register(end.fileno(), select.EPOLLIN)

    def is_untouched(self):
        if self.epoll.poll(0):
            return False
        for pair in self.pairs:
            for one, other in (pair, pair[::-1]):
                one.send(b"x")
                if [number for number, _ in self.epoll.poll(0)] != [other.fileno()] or other.recv(2) != b"x":
                    return False
        return all(os.fstat(file.fileno()).st_size == 0 for file in self.files)

def cpu_seconds():
    return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)
"""


@pytest.mark.parametrize("shares", [False, True])
def test_the_program_goes_on_and_can_start_anew(tmp_path: Path, shares: bool) -> None:
    code = (
        STRANGER
        + """
import urllib.request
first = tv.start(json_port=0)
collector = tv.get_collector()
collector.record_tool_call("before", latency_ms=1.0)
urllib.request.urlopen(first.json_url).read()
stranger = Stranger()
facts = [first.running, "not running" in repr(first)]
second = tv.start(json_port=first.json_port)
facts += [second is not first, second.running]
# More tools than the store has room for without growing.
for i in range(300):
    collector.record_tool_call(f"tool{i}", latency_ms=1.0)
told = json.load(urllib.request.urlopen(second.json_url))["tools"]
facts += [len(told), sum(tool["total_calls"] for tool in told.values()), "overflow" in told]
first.stop()
facts += [second.running]
if os.fork() == 0:
    os._exit(0 if stranger.is_untouched() else 1)
facts += [os.waitstatus_to_exitcode(os.wait()[1])]
tv.stop()
facts += [second.running, stranger.is_untouched()]
print(json.dumps(facts))
"""
    )
    environment = {"TOOLVITALS_DIR": str(tmp_path / "run")} if shares else {}
    found = result_of(code, **environment)
    assert found == [False, True, True, True, 301, 301, False, True, 0, False, True]


def test_the_program_ends_and_nothing_spins() -> None:
    # The program ends with a handle that it has never looked at again. It burns no processor: the thread that was
    # waiting ends, and takes no second look.
    code = (
        STRANGER
        + """
import threading
handle = tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0)
stranger = Stranger()
before = cpu_seconds()
while len(os.listdir("/proc/self/task")) > 1:
    select.select([], [], [], 0.02)
print(json.dumps([handle.running, cpu_seconds() - before < 0.5, stranger.is_untouched()]))
"""
    )
    assert result_of(code) == [False, True, True]


@pytest.mark.parametrize("kind", ["socket", "datagram_socket"])
def test_sockets_for_records_are_given_up_as_well(tmp_path: Path, kind: str) -> None:
    code = (
        STRANGER
        + f"""
from toolvitals import _core
paths = {{"socket": None, "datagram_socket": None, {kind!r}: {str(tmp_path / "socket")!r}}}
ingest = _core.Ingest(**paths, mode=0o600, labels=[])
facts = [ingest.running]
stranger = Stranger()
facts += [ingest.running]
ingest.stop()
facts += [os.path.exists({str(tmp_path / "socket")!r}), stranger.is_untouched()]
again = _core.Ingest(**paths, mode=0o600, labels=[])
facts += [again.running]
again.stop()
print(json.dumps(facts))
"""
    )
    assert result_of(code) == [True, False, False, True, True]


def test_a_forked_daemon_that_closed_its_store_keeps_counting() -> None:
    # Its store lies in memory that its parent, which has ended, shared with it and that has no name.
    code = (
        STRANGER
        + """
import urllib.request
tv.get_collector().record_tool_call("parent", latency_ms=1.0)
reading, writing = os.pipe()
if os.fork() == 0:
    result = os.dup2(writing, 200)
    os.closerange(3, 200)
    handle = tv.start(json_port=0)
    for i in range(300):
        tv.get_collector().record_tool_call(f"tool{i}", latency_ms=1.0)
    told = json.load(urllib.request.urlopen(handle.json_url))["tools"]
    os.write(result, json.dumps([sum(t["total_calls"] for t in told.values()), told["parent"]["total_calls"],
                                 "overflow" in told]).encode())
    os._exit(0)
os.close(writing)
os.wait()
print(os.read(reading, 1000).decode())
"""
    )
    assert result_of(code) == [300, 0, False]


def test_a_segment_lives_on_when_its_descriptor_is_closed(tmp_path: Path) -> None:
    # Its lock stays with the mapping: nobody takes it for that of a process that has ended.
    code = (
        STRANGER
        + """
import subprocess
collector = tv.get_collector()
collector.record_tool_call("search", latency_ms=1.0)
stranger = Stranger()
collector.record_tool_call("search", latency_ms=1.0)
look = "import toolvitals as tv; m = tv.get_collector().get_all_metrics()"
show = "print(m['tools']['search']['total_calls'], m['toolvitals']['processes']['live'])"
told = subprocess.run([sys.executable, "-c", f"{look}; {show}"], capture_output=True, text=True, check=True).stdout
collector.record_tool_call("search", latency_ms=1.0)
print(json.dumps([told.split(), collector.get_all_metrics()["tools"]["search"]["total_calls"]]))
"""
    )
    assert result_of(code, TOOLVITALS_DIR=str(tmp_path / "run")) == [["2", "2"], 3]


def test_a_full_descriptor_table_keeps_clients_waiting_and_no_longer() -> None:
    code = """
        import json, os, resource, socket, time, warnings
        import toolvitals as tv
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        handle = tv.start(json_port=0)
        warnings.simplefilter("ignore", ResourceWarning)
        taken = [socket.socket()]
        while True:
            try:
                taken.append(taken[0].dup())
            except OSError:
                break
        client = taken.pop()
        client.close()
        client = socket.create_connection(("127.0.0.1", handle.json_port))
        client.sendall(b"GET /health HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
        before = time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)
        client.settimeout(0.3)
        try:
            facts = [client.recv(10).decode()]
        except TimeoutError:
            facts = ["waits"]
        facts += [time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID) - before < 0.2, handle.running]
        for one in taken[1:]:
            one.close()
        client.settimeout(30)
        facts += [client.recv(15).decode()]
        print(json.dumps(facts))
    """
    assert result_of(code) == ["waits", True, True, "HTTP/1.1 200 OK"]


def test_nothing_is_half_started_where_descriptors_are_short() -> None:
    code = """
        import json, os, resource, socket
        import toolvitals as tv
        tv.get_collector()
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        reserve = [os.open("/dev/null", os.O_RDONLY)]
        try:
            while True:
                reserve.append(os.dup(reserve[0]))
        except OSError:
            pass
        facts = []
        # With ever more descriptors to spare: it starts, or it says so and holds none of them.
        for spare in range(1, 12):
            os.close(reserve.pop())
            before = len(os.listdir("/proc/self/fd")) if spare > 1 else 0
            try:
                handle = tv.start(json_port=0, prometheus_enabled=True, prometheus_port=0)
            except (OSError, ValueError, RuntimeError) as error:
                facts.append(str(error) != "")
                assert spare == 1 or len(os.listdir("/proc/self/fd")) == before
                assert len(os.listdir("/proc/self/task")) == 1 if spare > 1 else True
            else:
                print(json.dumps([all(facts), len(facts) >= 3, handle.running]))
                break
    """
    finished = run(code)
    assert finished.stdout.strip() == "[true, true, true]"

"""Process, platform and GC collectors, and the modules that programs import by name, beside prometheus_client's."""

from __future__ import annotations

import gc
import importlib
import os
from types import SimpleNamespace

import prometheus_client
import pytest

import toolvitals.prometheus as ours

# What other threads of the test change between two readings, and CPU time.
_MOVING = {"process_cpu_seconds", "process_virtual_memory_bytes", "process_resident_memory_bytes", "process_open_fds"}


def _shape(collector):
    return {
        metric.name: (
            metric.documentation,
            metric.type,
            [(s.name, s.labels, None if metric.name in _MOVING else s.value) for s in metric.samples],
        )
        for metric in collector.collect()
    }


@pytest.fixture(params=[prometheus_client, ours], ids=["prometheus_client", "toolvitals"])
def client(request):
    return request.param


def test_process_figures_are_the_peers():
    theirs, own = prometheus_client.CollectorRegistry(), ours.CollectorRegistry()
    assert _shape(ours.ProcessCollector(registry=own)) == _shape(prometheus_client.ProcessCollector(registry=theirs))


def test_process_of_another_pid_with_a_namespace(client):
    registry = client.CollectorRegistry()
    client.ProcessCollector(namespace="parent", pid=os.getppid, registry=registry)
    assert registry.get_sample_value("parent_process_start_time_seconds") > 0
    assert registry.get_sample_value("parent_process_virtual_memory_bytes") > 0


def test_process_that_is_gone_has_no_figures(client):
    registry = client.CollectorRegistry()
    collector = client.ProcessCollector(pid=lambda: 2**22 + 1, registry=registry)
    assert list(collector.collect()) == []


def test_process_without_procfs_has_no_figures(client, tmp_path):
    collector = client.ProcessCollector(proc=str(tmp_path), registry=None)
    assert list(collector.collect()) == []


def test_process_figures_of_a_written_procfs(client, tmp_path):
    (tmp_path / "stat").write_text("cpu 1 2 3\nbtime 1700000000\n")
    process = tmp_path / "26231"
    (process / "fd").mkdir(parents=True)
    for name in ("0", "1", "2"):
        (process / "fd" / name).touch()
    fields = "R 5392 7446 5392 34835 7446 4218880 32533 309516 26 82 1677 44 158 99 20 0 1 0 82375 56274944 1981"
    (process / "stat").write_text(f"26231 (vim (x) y) {fields} 18446744073709551615 4194304\n")
    (process / "limits").write_text("Limit  Soft Limit  Hard Limit  Units\nMax open files  2048  4096  files\n")
    registry = client.CollectorRegistry()
    client.ProcessCollector(proc=str(tmp_path), pid=lambda: 26231, registry=registry)
    ticks = os.sysconf("SC_CLK_TCK")
    expected = {
        "process_cpu_seconds_total": (1677 + 44) / ticks,
        "process_virtual_memory_bytes": 56274944.0,
        "process_resident_memory_bytes": 1981.0 * os.sysconf("SC_PAGE_SIZE"),
        "process_start_time_seconds": 1700000000 + 82375 / ticks,
        "process_max_fds": 2048.0,
        "process_open_fds": 3.0,
    }
    assert {name: registry.get_sample_value(name) for name in expected} == expected


def test_platform_is_the_peers():
    assert _shape(ours.PlatformCollector(registry=None)) == _shape(prometheus_client.PlatformCollector(registry=None))


def test_platform_on_the_jvm(client):
    jvm = SimpleNamespace(
        python_version_tuple=lambda: ("2", "7", "18"),
        python_version=lambda: "2.7.18",
        python_implementation=lambda: "Jython",
        system=lambda: "Java",
        java_ver=lambda: ("11", "Vendor", ("VM", "11.0", "VM vendor"), ("Linux", "6", "amd64")),
    )
    registry = client.CollectorRegistry()
    client.PlatformCollector(registry=registry, platform=jvm)
    labels = {
        "version": "2.7.18",
        "implementation": "Jython",
        "major": "2",
        "minor": "7",
        "patchlevel": "18",
        "jvm_version": "11",
        "jvm_release": "11.0",
        "jvm_vendor": "VM vendor",
        "jvm_name": "VM",
    }
    assert registry.get_sample_value("python_info", labels) == 1


def test_gc_counts_go_on(client):
    registry = client.CollectorRegistry()
    client.GCCollector(registry=registry)
    names = [f"python_gc_{name}_total" for name in ("collections", "objects_collected", "objects_uncollectable")]
    labels = {"generation": "2"}
    before = [registry.get_sample_value(name, labels) for name in names]
    gc.collect()
    after = [registry.get_sample_value(name, labels) for name in names]
    assert after[0] == before[0] + 1
    assert after[1] >= before[1]
    assert after[2] >= before[2]


def test_default_registry_has_them(client):
    for collector in (client.PROCESS_COLLECTOR, client.PLATFORM_COLLECTOR, client.GC_COLLECTOR):
        assert collector in client.REGISTRY._collector_to_names
    assert client.REGISTRY.get_sample_value("process_start_time_seconds") > 0


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("decorator", ["contextmanager", "decorate", "decorator", "getfullargspec"]),
        ("gc_collector", ["GC_COLLECTOR", "GCCollector"]),
        ("multiprocess", ["MultiProcessCollector", "mark_process_dead"]),
        ("platform_collector", ["PLATFORM_COLLECTOR", "PlatformCollector"]),
        ("process_collector", ["PROCESS_COLLECTOR", "ProcessCollector"]),
        ("values", ["MultiProcessValue", "MutexValue", "ValueClass", "get_value_class"]),
    ],
)
def test_modules_have_their_names(client, module, names):
    found = importlib.import_module(f"{client.__name__}.{module}")
    assert [name for name in names if not hasattr(found, name)] == []


def test_core_exports_what_the_peers_does():
    theirs = importlib.import_module("prometheus_client.core")
    own = importlib.import_module("toolvitals.prometheus.core")
    assert set(own.__all__) == set(theirs.__all__)


def test_decorate_keeps_the_signature(client):
    decorator = importlib.import_module(client.__name__ + ".decorator")
    calls = []

    def caller(func, *args, **kwargs):
        calls.append((args, kwargs))
        return func(*args, **kwargs)

    def add(left: int, right: int = 2) -> int:
        """Adds."""
        return left + right

    for decorated in (decorator.decorate(add, caller), decorator.decorator(caller)(add)):
        assert decorated(1, 5) == 6
        assert decorated.__name__ == "add"
        assert decorated.__wrapped__ is add
        assert list(decorator.getfullargspec(decorated).args) == ["left", "right"]
    assert len(calls) == 2


def test_values_count(client):
    values = importlib.import_module(client.__name__ + ".values")
    value = values.MutexValue("counter", "c", "c_total", (), (), "help")
    value.inc(2.5)
    value.inc(1)
    assert value.get() == 3.5
    value.set(7)
    value.set_exemplar("one")
    assert (value.get(), value.get_exemplar()) == (7, "one")


def test_multiprocess_collector_wants_a_directory(client, tmp_path, monkeypatch):
    multiprocess = importlib.import_module(client.__name__ + ".multiprocess")
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    monkeypatch.delenv("prometheus_multiproc_dir", raising=False)
    with pytest.raises(ValueError, match="PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(client.CollectorRegistry())
    with pytest.raises(ValueError, match="PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(client.CollectorRegistry(), str(tmp_path / "none"))


def test_multiprocess_collector_shows_every_registry(tmp_path):
    multiprocess = importlib.import_module("toolvitals.prometheus.multiprocess")
    counter = ours.Counter("of_many_processes", "Something.", ["who"])
    try:
        counter.labels("a").inc(3)
        registry = ours.CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, str(tmp_path))
        assert registry.get_sample_value("of_many_processes_total", {"who": "a"}) == 3
        assert registry.get_sample_value("process_start_time_seconds") is None
        assert registry.get_sample_value("of_many_processes_created", {"who": "a"}) is None
        again = ours.Counter("of_many_processes", "Something.", ["who"], registry=ours.CollectorRegistry())
        again.labels("a").inc(2)
        again.labels("b").inc()
        gauges = [ours.Gauge("lately", "", registry=None) for _ in range(2)]
        for value, gauge in enumerate(gauges, 1):
            gauge.set(value)
        assert registry.get_sample_value("of_many_processes_total", {"who": "a"}) == 5
        assert registry.get_sample_value("of_many_processes_total", {"who": "b"}) == 1
        assert registry.get_sample_value("lately") == 2
        multiprocess.mark_process_dead(os.getpid(), str(tmp_path))
        assert list(tmp_path.iterdir()) == []
    finally:
        ours.REGISTRY.unregister(counter)

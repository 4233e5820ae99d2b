"""sources/: the same service, read in three ways at one instant, is the same to the last bit; and over its lives."""

from __future__ import annotations

import gc
import json
import pickle
import platform
import random
import struct
from pathlib import Path

import same_instant
from child import run
from service import Service

from toolvitals.sources import Directory


def test_three_sources_see_the_same_at_the_same_instant(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o700)
    folders = (str(tmp_path / "shared"), str(tmp_path / "proc"))
    # What is dropped and folded there is said on its standard error.
    finished = run(same_instant.main, *folders, check=False)
    assert finished.returncode == 0, finished.stderr
    seen = json.loads(finished.stdout)
    assert seen["different"] == []
    assert seen["equal"]
    # None of it may be equal for being empty.
    assert seen["oldest"] > 0
    assert seen["first_items"] == 1
    assert seen["endless"] == ["inf"] * 3
    assert seen["waits"] == ["{0.5: inf}", "{0.5: -inf}"]
    assert seen["overflow"] == 2
    assert seen["limits"] == [10_000, 64 * 1024**2, 1000]
    assert seen["families"] > 25
    assert seen["natives"] == 5
    assert seen["open_series"] == 12 + 1
    assert seen["cpu_seconds"] > 0


def test_a_directory_has_the_interpreter_of_its_processes_not_its_readers(tmp_path: Path) -> None:
    """As where the command line of one CPython looks at a service of another."""
    directory = tmp_path / "shared"
    directory.mkdir(mode=0o700)
    assert Directory(directory).read().python is None, "nobody was there"
    service = Service(directory)
    try:
        worker = service.begin()
        worker.record("search", 1.0)
        own = Directory(directory).read().python
        assert own is not None
        assert (own.version, own.implementation) == (platform.python_version(), "CPython")
        assert len(own.gc) == len(gc.get_stats())
        (segment,) = directory.glob("*.segment")
        with segment.open("r+b") as file:
            # docs/explanation/segment-layout.md: that of a release candidate, and three generations.
            file.seek(240)
            file.write(struct.pack("<Q", 3 << 40 | 0x0363_02C1))
        for _ in ("while it lives", "when it has ended"):
            seen = Directory(directory).read()
            assert seen.python is not None
            assert seen.python.version == "3.99.2rc1"
            assert seen.families["python"].series[0].labels == {
                "implementation": "CPython",
                "major": "3",
                "minor": "99",
                "patchlevel": "2rc1",
                "version": "3.99.2rc1",
            }
            worker.kill()
    finally:
        service.end_all()


def test_deltas_of_a_directory_add_up_over_the_lives_of_its_processes(tmp_path: Path) -> None:
    """Processes that come, are killed, end and reset; whoever reads the directory has every record once."""
    directory = tmp_path / "shared"
    directory.mkdir(mode=0o700)
    service = Service(directory)
    chance = random.Random(12)
    try:
        first = service.begin()
        source = Directory(directory)
        before = source.read()
        recorded = counted = jobs = jobs_counted = 0
        for step in range(24):
            live = [worker for worker in service.workers if worker.is_alive()]
            worker = chance.choice(live)
            calls = chance.randrange(1, 5)
            worker.record("search", *[float(n) for n in range(calls)])
            worker.count("a", calls)
            recorded += calls
            jobs += calls
            if step % 8 == 3:
                service.begin()
            elif step % 8 == 5 and worker is not first:
                chance.choice([worker.kill, worker.end])()
            elif step % 8 == 7:
                # Everything before has to be seen, for a reset forgets what nobody looked at.
                now = source.read()
                delta = now.since(before)
                counted += delta.tools["search"].total_calls
                jobs_counted += sum(one.value for one in delta.families["jobs"].series)
                first.do("reset")
                before = source.read()
                assert before.since(now).restarted
                assert before.since(now).tools["search"].total_calls == 0
                assert sum(one.value for one in before.since(now).families["jobs"].series) == 0
            if step % 3 == 0:
                now = source.read()
                delta = now.since(before)
                assert not delta.restarted
                counted += delta.tools["search"].total_calls
                jobs_counted += sum(one.value for one in delta.families["jobs"].series)
                before = now
        delta = source.read().since(before)
        counted += delta.tools["search"].total_calls
        jobs_counted += sum(one.value for one in delta.families["jobs"].series)
    finally:
        service.end_all()
    assert (counted, jobs_counted) == (recorded, jobs)


def test_what_a_restarted_process_counts_is_new(tmp_path: Path) -> None:
    """Without a directory; also where it has counted more since than the one before ever did."""
    service = Service(tmp_path / "none")
    try:
        readings = []
        for calls in (2, 3):
            worker = service.begin(TOOLVITALS_DIR="")
            worker.record("search", *[1.0] * calls)
            path = tmp_path / f"{calls}.pickle"
            assert worker.do("keep_snapshot", str(path)) is None
            readings.append(path)
            worker.end()
    finally:
        service.end_all()
    before, now = (pickle.loads(path.read_bytes()) for path in readings)
    assert now.since(before).restarted
    assert now.since(before).tools["search"].total_calls == 3

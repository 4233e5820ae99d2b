"""A shared directory that others can write to, as mounts of containers are: a folder of this user's in it is used."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from child import run, toolvitals
from programs import endpoints
from service import Service

import toolvitals as tv

__all__: list[str] = []


@pytest.fixture(params=[0o777, 0o1777, 0o2770], ids=oct)
def mount(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / "mount"
    path.mkdir()
    path.chmod(request.param)
    return path


def test_all_processes_and_all_readers_find_the_same_folder(mount: Path) -> None:
    own = mount / f"toolvitals-{os.geteuid()}"
    service = Service(mount)
    try:
        first, second = service.begin(), service.begin()
        assert first.facts["dir"] == str(own)
        assert oct(own.stat().st_mode & 0o777) == "0o700"
        first.record("search", 1.0)
        second.record("search", 2.0)
        assert second.metrics()["tools"]["search"]["total_calls"] == 2
        # start(dir=...) means the same directory by either name.
        assert first.do("start", {"json_port": 0, "dir": str(mount)})
        for directory in (mount, own):
            for command in (["snapshot", "--dir", str(directory)], ["snapshot"]):
                told = toolvitals(*command, TOOLVITALS_DIR=str(directory))
                assert json.loads(told.stdout)["tools"]["search"]["total_calls"] == 2
            findings = json.loads(toolvitals("doctor", "--dir", str(directory), "--json").stdout)["findings"]
            assert [one["severity"] for one in findings if one["check"] == "permissions"] == ["ok"]
    finally:
        service.end_all()
    assert [entry.name for entry in mount.iterdir()] == [own.name]


def test_it_is_said_once(tmp_path: Path) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    mount.chmod(0o777)
    finished = run(
        endpoints.start_twice,
        check=False,
        TOOLVITALS_DIR=str(mount),
    )
    assert finished.returncode == 0
    assert finished.stderr.splitlines() == [
        f"toolvitals shares metrics in '{mount}/toolvitals-{os.geteuid()}', because others can write to '{mount}'"
    ]


def test_looking_makes_nothing(tmp_path: Path) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    mount.chmod(0o777)
    told = toolvitals("snapshot", "--dir", str(mount))
    assert told.returncode == 3
    assert f"'toolvitals-{os.geteuid()}' is not there" in told.stderr
    assert list(mount.iterdir()) == []


def test_a_link_in_it_is_not_followed(tmp_path: Path) -> None:
    mount, elsewhere = tmp_path / "mount", tmp_path / "elsewhere"
    mount.mkdir()
    mount.chmod(0o777)
    elsewhere.mkdir(mode=0o700)
    (mount / f"toolvitals-{os.geteuid()}").symlink_to(elsewhere)
    with pytest.raises(OSError, match=f"toolvitals-{os.geteuid()}"):
        tv.start(json_port=0, dir=str(mount))
    assert list(elsewhere.iterdir()) == []

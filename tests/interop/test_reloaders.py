"""The reloaders of Flask, uvicorn and Django, and a shell beside the server: whoever comes second takes the next port,
and an ordinary user sees no stack trace."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from waiting import wait_until
from web import fetch

__all__: list[str] = []

pytestmark = pytest.mark.interop

APPS = Path(__file__).with_name("apps")


@pytest.fixture
def settings(unused_tcp_port_factory: Callable[[], int]) -> dict[str, str]:
    return {"METRICS_JSON_PORT": str(unused_tcp_port_factory()), "METRICS_ON_PORT_IN_USE": "next"}


@contextmanager
def running(folder: Path, arguments: list[str], environment: dict[str, str]) -> Iterator[Path]:
    """The program in a process group of its own; gives the file that its output goes to."""
    output = folder / "output.txt"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env={**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield output
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def get(url: str) -> Any:
    """The JSON at the address, once somebody answers there."""

    def answer() -> Any:
        with suppress(httpx.HTTPError):
            return fetch(url).json()
        return None

    return wait_until(answer, f"{url} answers")


def calls(told: dict[str, Any]) -> int:
    count: int = get(told["url"])["tools"]["page"]["total_calls"]
    return count


def commands(folder: Path, framework: str, port: int) -> tuple[list[str], Path]:
    """How the framework's server is begun with its reloader, and the file whose change it reloads for: a copy."""
    if framework == "django":
        shutil.copytree(APPS / "django_site", folder, dirs_exist_ok=True)
        return ["manage.py", "runserver", str(port)], folder / "shop" / "urls.py"
    source = Path(shutil.copy(APPS / f"{framework}_app.py", folder))
    if framework == "flask":
        return [source.name, str(port)], source
    return ["-m", "uvicorn", "--reload", "--port", str(port), "uvicorn_app:app"], source


@pytest.mark.parametrize("framework", ["flask", "uvicorn", "django"])
def test_reloading_shows_no_trace(
    framework: str,
    tmp_path: Path,
    settings: dict[str, str],
    unused_tcp_port_factory: Callable[[], int],
) -> None:
    port = unused_tcp_port_factory()
    arguments, source = commands(tmp_path, framework, port)
    with running(tmp_path, arguments, settings) as output:
        first = get(f"http://127.0.0.1:{port}/")
        assert calls(first) == 1
        # A reloader that has not looked at the file yet takes the changed one for the first: then it is changed again.
        looks = itertools.count()

        def reloaded() -> Any:
            if next(looks) % 200 == 0:
                source.write_text(source.read_text() + "\n# Changed.\n")
            answer = get(f"http://127.0.0.1:{port}/")
            return answer["pid"] != first["pid"] and answer

        second = wait_until(reloaded, "the reloaded program answers")
        assert calls(second) >= 1
        assert "Traceback" not in output.read_text()


def test_a_shell_beside_the_server(
    tmp_path: Path,
    settings: dict[str, str],
    unused_tcp_port_factory: Callable[[], int],
) -> None:
    port = unused_tcp_port_factory()
    arguments, _ = commands(tmp_path, "django", port)
    with running(tmp_path, [*arguments, "--noreload"], settings):
        told = get(f"http://127.0.0.1:{port}/")
        show = "from shop.apps import ShopConfig; print(ShopConfig.handle.json_url)"
        for extra, fine in ((settings, True), ({"METRICS_JSON_PORT": settings["METRICS_JSON_PORT"]}, False)):
            shell = subprocess.run(
                [sys.executable, "manage.py", "shell", "-c", show],
                cwd=tmp_path,
                env={**os.environ, **extra},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
            )
            # Without the setting it is an error that says what to do.
            assert (shell.returncode == 0) is fine, shell.stderr
            assert ("METRICS_ON_PORT_IN_USE=next" in shell.stderr) is not fine
            assert not fine or shell.stdout.splitlines()[-1] not in ("", told["url"])
        assert calls(told) == 1

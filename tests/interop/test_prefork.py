"""Servers of many processes, the real ones: gunicorn, uvicorn with workers, Celery."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from ports import free_port
from waiting import wait_until
from web import fetch

__all__: list[str] = []

APPS = Path(__file__).with_name("apps")


def get(port: int, path: str = "/") -> bytes:
    return fetch(f"http://127.0.0.1:{port}{path}").content


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        assert process.poll() is None, "the server has ended"
        with contextlib.suppress(httpx.HTTPError):
            get(port)
            return True
        return False

    wait_until(answers, "the server answers")


@contextlib.contextmanager
def server(folder: Path, *command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(APPS), *sys.path]), **environment},
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=60)
            finally:
                process.kill()


def gunicorn(port: int, *options: str) -> list[str]:
    return ["gunicorn", "prefork_wsgi:application", "-b", f"127.0.0.1:{port}", *options]


def ask(port: int, times: int) -> tuple[int, set[bytes]]:
    """How many requests were answered, with how many servers' numbers. A worker that is recycled may close a connection
    that it has accepted: that request was not answered, and is asked again."""

    def one(_: int) -> bytes:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if body := get(port, "/page"):
                    return body

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(one, range(times)))
    return len(bodies), set(bodies)


def metrics(port: int) -> Any:
    return json.loads(get(port, "/metrics.json"))


def test_gunicorn_whose_workers_are_recycled(tmp_path: Path) -> None:
    port, metrics_port = free_port(), free_port()
    shared = tmp_path / "run"
    command = gunicorn(port, "-w", "4", "--max-requests", "50")
    with server(tmp_path, *command, TOOLVITALS_DIR=str(shared), METRICS_JSON_PORT=str(metrics_port)) as process:
        wait_for(port, process)
        answered, pids = ask(port, 800)
        seen = metrics(metrics_port)
        assert len(pids) >= 12
        # The first request, that waited for the server, counts as well.
        assert seen["tools"]["answer"]["total_calls"] == answered + 1
        assert seen["tools"]["answer"]["latency_ms"]["count"] > 400
        processes = seen["toolvitals"]["processes"]
        files = sorted(shared.iterdir())
        assert processes["live"] <= 5
        assert len(files) <= processes["live"] + 1 + 1  # one may have ended since
        assert processes["unshared"] == 0


def test_gunicorn_that_forks_what_is_loaded_already_needs_no_configuration(tmp_path: Path) -> None:
    port, metrics_port = free_port(), free_port()
    command = [
        "gunicorn",
        "prefork_wsgi:application",
        "-b",
        f"127.0.0.1:{port}",
        "-w",
        "2",
        "--max-requests",
        "50",
        "--preload",
    ]
    with server(tmp_path, *command, METRICS_JSON_PORT=str(metrics_port)) as process:
        wait_for(port, process)
        answered, pids = ask(port, 500)
        seen = metrics(metrics_port)
        assert len(pids) >= 8
        assert seen["tools"]["answer"]["total_calls"] == answered + 1
        assert seen["system"]["process"]["pid"] == process.pid


def test_uvicorn_with_workers(tmp_path: Path) -> None:
    port, metrics_port = free_port(), free_port()
    command = ["uvicorn", "prefork_asgi:application", "--port", str(port), "--workers", "2", "--lifespan", "off"]
    with server(
        tmp_path,
        *command,
        TOOLVITALS_DIR=str(tmp_path / "run"),
        METRICS_JSON_PORT=str(metrics_port),
    ) as process:
        wait_for(port, process)
        answered, _ = ask(port, 500)
        for _ in range(5):
            assert metrics(metrics_port)["tools"]["answer"]["total_calls"] == answered + 1


def test_celery_whose_pool_is_forked_needs_no_configuration(tmp_path: Path) -> None:
    metrics_port = free_port()
    (tmp_path / "queue").mkdir()
    command = ["celery", "-A", "prefork_celery", "worker", "-c", "2", "--max-tasks-per-child", "10", "-P", "prefork"]
    with server(
        tmp_path, *command, "--without-gossip", "--without-mingle", METRICS_JSON_PORT=str(metrics_port)
    ) as process:
        subprocess.run(
            [sys.executable, str(APPS / "prefork_celery.py")],
            cwd=tmp_path,
            check=True,
            timeout=60,
        )
        wait_for(metrics_port, process)

        def calls() -> int:
            return int(metrics(metrics_port)["tools"].get("add", {"total_calls": 0})["total_calls"])

        wait_until(lambda: calls() == 60, "all are counted")
        assert metrics(metrics_port)["toolvitals"]["processes"]["retired"] >= 2

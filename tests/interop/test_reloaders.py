"""The reloaders of Flask, uvicorn and Django, and a shell beside the server: whoever comes second takes the next port,
and an ordinary user sees no stack trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from environments import environment_with

__all__: list[str] = []

pytestmark = [pytest.mark.interop, pytest.mark.timeout(400)]

FLASK = """
import os, sys
import flask
import toolvitals as tv

app = flask.Flask(__name__)
handle = tv.start()

@app.get("/")
@tv.tool
def page():
    return {"pid": os.getpid(), "url": handle.json_url}

if __name__ == "__main__":
    app.run(debug=True, port=int(sys.argv[1]))
"""

ASGI = """
import json, os
import toolvitals as tv

handle = tv.start()

@tv.tool
async def page():
    return {"pid": os.getpid(), "url": handle.json_url}

async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(await page()).encode()})
"""

DJANGO = {
    "manage.py": """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
""",
    "site_settings.py": """
SECRET_KEY = "for a test"
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["shop.apps.ShopConfig"]
ROOT_URLCONF = "shop.urls"
DATABASES = {}
""",
    "shop/__init__.py": "",
    "shop/apps.py": """
from django.apps import AppConfig
import toolvitals as tv

class ShopConfig(AppConfig):
    name = "shop"

    def ready(self):
        type(self).handle = tv.start()
""",
    "shop/urls.py": """
import os
from django.http import JsonResponse
from django.urls import path
import toolvitals as tv
from shop.apps import ShopConfig

@tv.tool
def page(request):
    return JsonResponse({"pid": os.getpid(), "url": ShopConfig.handle.json_url})

urlpatterns = [path("", page)]
""",
}


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    return environment_with("reloaders", "flask>=3", "django>=4.2", "uvicorn>=0.30")


@pytest.fixture
def settings(unused_tcp_port_factory: Callable[[], int]) -> dict[str, str]:
    return {"METRICS_JSON_PORT": str(unused_tcp_port_factory()), "METRICS_ON_PORT_IN_USE": "next"}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


@contextmanager
def running(folder: Path, arguments: list[str], environment: dict[str, str]) -> Iterator[Path]:
    """The program in a process group of its own; gives the file that its output goes to."""
    output = folder / "output.txt"
    with output.open("w") as file:
        process = subprocess.Popen(
            [environment["PYTHON"], *arguments],
            cwd=folder,
            env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
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
    while True:
        with suppress(urllib.error.URLError, ConnectionError, TimeoutError), urllib.request.urlopen(url) as answer:
            return json.load(answer)
        time.sleep(0.05)


def calls(told: dict[str, Any]) -> int:
    count: int = get(told["url"])["tools"]["page"]["total_calls"]
    return count


def commands(folder: Path, framework: str, port: int) -> tuple[list[str], Path]:
    """How the framework's server is begun with its reloader, and the file whose change it reloads for."""
    if framework == "flask":
        write(folder, {"app.py": FLASK})
        return ["app.py", str(port)], folder / "app.py"
    if framework == "uvicorn":
        write(folder, {"app.py": ASGI})
        return ["-m", "uvicorn", "--reload", "--port", str(port), "app:app"], folder / "app.py"
    write(folder, DJANGO)
    return ["manage.py", "runserver", str(port)], folder / "shop" / "urls.py"


@pytest.mark.parametrize("framework", ["flask", "uvicorn", "django"])
def test_reloading_shows_no_trace(
    framework: str,
    tmp_path: Path,
    environment: dict[str, str],
    settings: dict[str, str],
    unused_tcp_port_factory: Callable[[], int],
) -> None:
    port = unused_tcp_port_factory()
    arguments, source = commands(tmp_path, framework, port)
    with running(tmp_path, arguments, {**environment, **settings}) as output:
        first = get(f"http://127.0.0.1:{port}/")
        assert calls(first) == 1
        # A reloader that has not looked at the file yet takes the changed one for the first: then it is changed again.
        looks = 0
        while (second := get(f"http://127.0.0.1:{port}/"))["pid"] == first["pid"]:
            if looks % 100 == 0:
                source.write_text(source.read_text() + "\n# Changed.\n")
            looks += 1
            time.sleep(0.05)
        assert calls(second) >= 1
        assert "Traceback" not in output.read_text()


def test_a_shell_beside_the_server(
    tmp_path: Path,
    environment: dict[str, str],
    settings: dict[str, str],
    unused_tcp_port_factory: Callable[[], int],
) -> None:
    port = unused_tcp_port_factory()
    write(tmp_path, DJANGO)
    with running(tmp_path, ["manage.py", "runserver", "--noreload", str(port)], {**environment, **settings}):
        told = get(f"http://127.0.0.1:{port}/")
        show = "from shop.apps import ShopConfig; print(ShopConfig.handle.json_url)"
        for extra, fine in ((settings, True), ({"METRICS_JSON_PORT": settings["METRICS_JSON_PORT"]}, False)):
            shell = subprocess.run(
                [environment["PYTHON"], "manage.py", "shell", "-c", show],
                cwd=tmp_path,
                env={**environment, **extra},
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

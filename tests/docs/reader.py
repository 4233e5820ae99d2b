"""A reader who does what a page says, block after block, in an empty folder of their own.

In a room (room.py) everything is run as it stands on the page. Where the system gives none, ports and folders that
pages name are the whole machine's, so the reader uses free ones in their place. `pip install` looks whether what it
would install is there, for there is no network. Run as a program: reader.py PAGE FOLDER, within a room.
"""

from __future__ import annotations

import configparser
import contextlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from blocks import Block, blocks_of
from ports import free_port
from waiting import wait_until

__all__ = ["DATA", "RUN", "Reader", "read"]

ROOT = Path(__file__).resolve().parents[2]
RUN = ("python", "sh", "console", "cpp")
# Checked by a parser, or by the program that reads them; "text" and what has no language is for people.
DATA = ("", "cmake", "ini", "json", "promql", "text", "toml", "yaml")

_PORTS = (8000, 8090, 9090, 9091, 9108, 9109)
_FOLDERS = re.compile(r"(?<![\w./-])/(run|dev/shm|var/lib)/")
_PATIENCE_SECONDS = 60
_GRACE_SECONDS = 10

_PIP = Path(__file__).with_name("pip_stand_in.py")


class Reader:
    """Reads in `folder`, which has to be short of path: sockets are made below it. Not thread-safe.

    `in_room` says that this process is in a room, so that nothing has to be put in the place of anything.
    """

    def __init__(self, folder: Path, in_room: bool) -> None:
        self._folder = folder / "here"
        self._root = folder / "root"
        self._in_room = in_room
        self._running: dict[int, _Running] = {}
        self._count = 0
        programs = folder / "bin"
        for made in (self._folder, self._root, programs, folder / "home"):
            made.mkdir(exist_ok=True)
        (programs / "pip").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{_PIP}" "$@"\n')
        (programs / "pip").chmod(0o755)
        self._environment = {
            "HOME": str(folder / "home"),
            "LANG": "C.UTF-8",
            "PATH": os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(folder),
            "USER": pwd.getpwuid(os.getuid()).pw_name,
        }
        self._ports = {port: port for port in _PORTS}
        if not in_room:
            self._make_do(programs)

    def _make_do(self, programs: Path) -> None:
        """Has free ports and folders of the reader's own stand for those that are the machine's."""
        (programs / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
        (programs / "sudo").chmod(0o755)
        for name in ("run", "dev/shm", "var/lib"):
            (self._root / name).mkdir(parents=True)
        self._ports = {port: free_port() for port in _PORTS}
        self._environment |= {
            # The default ports of what the pages start.
            "METRICS_JSON_PORT": str(self._ports[9109]),
            "PROMETHEUS_PORT": str(self._ports[9108]),
            "FASTMCP_PORT": str(self._ports[8000]),
            "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{self._ports[8000]}",
            "UVICORN_PORT": str(self._ports[8000]),
        }

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._stop_all()

    def _stop_all(self) -> None:
        """The newest first, since it may use those before it."""
        running = list(self._running.values())
        self._running.clear()
        with ExitStack() as stack:
            for one in running:
                stack.callback(one.end)
            # Before any is ended: a server may say that its client went away in the middle of a request.
            for one in running:
                one.check()

    def read(self, block: Block) -> None:
        """Does what the block says; AssertionError where that does not work."""
        if block.not_run is not None:
            return
        if block.alone:
            self._stop_all()
        if block.beside_a_service:
            service = Path(__file__).with_name("service.py").read_text()
            self._start([sys.executable, "-c", self._translated(service)], Block(block.line, "python", "", port=9109))
        code = self._translated(block.code)
        if block.file is not None:
            path = self._folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code)
        if block.language in DATA:
            _check_data(block.language, code)
        elif block.language == "cpp":
            self._finish(["g++", "-std=c++20", "-fsyntax-only", f"-I{ROOT / 'cpp'}", "-x", "c++", "-"], block, code)
        elif block.file is None:
            self._run(block, code)

    def _translated(self, code: str) -> str:
        if self._in_room:
            return code
        for documented, free in self._ports.items():
            code = re.sub(rf"(?<![\w.]){documented}(?!\w)", str(free), code)
        code = _FOLDERS.sub(lambda found: f"{self._root}/{found[1]}/", code)
        # This has a default port that only an option changes.
        return code.replace("toolvitals serve ", f"toolvitals serve --prometheus-port {self._ports[8090]} ")

    def _run(self, block: Block, code: str) -> None:
        if block.language == "python":
            self._count += 1
            script = self._folder / f"block{self._count}.py"
            script.write_text(code)
            command = [sys.executable, str(script)]
        else:
            if block.language == "console":
                code = "".join(line[2:] for line in code.splitlines(keepends=True) if line.startswith("$ "))
            kept = self._root / "environment"
            keep = "" if block.runs_on else f"trap 'env -0 > {kept}' EXIT\n"
            command = ["bash", "-euo", "pipefail", "-c", keep + code]
        if block.runs_on:
            self._start(command, block)
            return
        output = self._finish(command, block)
        if block.language == "python":
            assert output.strip(), "it prints nothing"
        else:
            pairs = (pair.partition("=") for pair in kept.read_text().split("\0") if pair)
            self._environment = {name: value for name, _, value in pairs if name != "_"}

    def _finish(self, command: list[str], block: Block, given: str | None = None) -> str:
        process = subprocess.Popen(
            command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        with process:
            try:
                output, errors = process.communicate(given, timeout=_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output, errors = process.communicate()
                raise AssertionError(f"it does not end:\n{output}\n{errors}") from None
        said = f"{output}\n{errors}"
        assert process.returncode == block.exit_status, f"it ended with {process.returncode}:\n{said}"
        assert "Traceback" not in said, said
        return said

    def _start(self, command: list[str], block: Block) -> None:
        # Another one at the same port takes the place of the one before, as a reader has to let it.
        key = block.port or -block.line
        if (before := self._running.pop(key, None)) is not None:
            before.check()
            before.end()
        log = self._root / f"log{block.line}-{len(self._running)}"
        with log.open("w") as output:
            process = subprocess.Popen(
                command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running[key] = _Running(process, log, block.line)

        def is_there() -> bool:
            assert process.poll() is None, f"it ended with {process.returncode}:\n{log.read_text()}"
            return _listens(self._ports[block.port]) if block.port else bool(log.stat().st_size)

        wait_until(is_there, f"what line {block.line} starts is there")


class _Running:
    """What runs on while the next blocks are done."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, line: int) -> None:
        self._process, self._log, self._line = process, log, line

    def check(self) -> None:
        """That it still runs, and has said nothing of a fault."""
        ended, said = self._process.poll(), self._log.read_text()
        assert ended is None, f"what line {self._line} starts ended by itself, with {ended}:\n{said}"
        assert "Traceback" not in said, f"what line {self._line} starts says:\n{said}"

    def end(self) -> None:
        """With all that it started. Not by SIGINT, at which Python shows where it was."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(self._process.pid, number)
                self._process.wait(_GRACE_SECONDS)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _check_data(language: str, text: str) -> None:
    if language == "ini":
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string(text)
    elif language == "json":
        json.loads(text)
    elif language == "yaml":
        what = "rules" if text.lstrip("# \n").startswith("groups:") else "config"
        _promtool(what, text)
    elif language == "promql":
        rules = "".join(f"  - record: a:b:c\n    expr: {json.dumps(line)}\n" for line in text.splitlines() if line)
        _promtool("rules", f"groups:\n- name: queries\n  rules:\n{rules}")


def _promtool(what: str, text: str) -> None:
    program = shutil.which("promtool")
    assert program is not None, "promtool is not installed; `make test` installs it"
    options = ["--syntax-only"] if what == "config" else ["--lint=none"]
    finished = subprocess.run(
        [program, "check", what, *options, "/dev/stdin"], input=text, capture_output=True, text=True, timeout=60
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


@contextlib.contextmanager
def _located(page: Path, block: Block) -> Iterator[None]:
    """Names the block that does not work."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{page}:{block.line}: {error}") from None


def read(page: Path, folder: Path, in_room: bool) -> None:
    """Does everything that a page says; AssertionError, which names the block, where that does not work."""
    with Reader(folder, in_room) as reader:
        for block in blocks_of(page):
            with _located(page, block):
                reader.read(block)


if __name__ == "__main__":
    try:
        read(Path(sys.argv[1]), Path(sys.argv[2]), in_room=True)
    except AssertionError as failure:
        sys.exit(str(failure))

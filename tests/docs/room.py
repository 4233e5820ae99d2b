"""A room for one reader: every port, /run, /dev/shm and /var/lib are theirs alone, and they are an ordinary user.

It is made of the kernel's namespaces by util-linux' `unshare`, which ordinary users may call where the system lets them
have namespaces. Nothing outside of the reader's folder can be written; `sudo`, a stand-in, may write to /run and
/var/lib.
"""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["USER", "available", "command"]

USER = "reader"
_NUMBER = 1000
# A file system in memory for each, with who may write to it.
_MODES = {"/run": "0555", "/var/lib": "0555", "/dev/shm": "1777"}
_SUDO = """#!/bin/sh
chmod u+w /run /var/lib
"$@"
code=$?
chmod u-w /run /var/lib
exit $code
"""
# From linux/sockios.h and linux/if.h.
_SIOCSIFFLAGS, _IFF_UP_RUNNING = 0x8914, 0x41


def command(folder: Path, *arguments: str) -> list[str]:
    """The command line that runs the arguments in a room of their own, where they may write to `folder`."""
    unshare = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
    return [*unshare, sys.executable, str(Path(__file__).resolve()), str(folder), *arguments]


@functools.cache
def available() -> bool:
    """Whether the system lets this user have one."""
    if shutil.which("unshare") is None:
        return False
    with tempfile.TemporaryDirectory(prefix="tv", dir="/tmp") as folder:
        tried = command(Path(folder), "true")
        return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def _run(*words: str) -> None:
    subprocess.run(words, check=True)


def _furnish(folder: Path) -> None:
    with socket.socket() as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _IFF_UP_RUNNING))
    programs = folder / "bin"
    programs.mkdir()
    (programs / "sudo").write_text(_SUDO)
    (programs / "sudo").chmod(0o755)
    passwd = folder / "passwd"
    passwd.write_text(f"root:x:0:0::/root:/bin/sh\n{USER}:x:{_NUMBER}:{_NUMBER}::{folder / 'home'}:/bin/sh\n")
    _run("mount", "--bind", str(passwd), "/etc/passwd")
    for place, mode in _MODES.items():
        _run("mount", "-t", "tmpfs", "-o", f"mode={mode}", "tmpfs", place)
    _run("mount", "--rbind", str(folder), str(folder))
    # What lies below other mounts stays as it is for the user that runs the tests.
    _run("mount", "-o", "remount,bind,ro", "/")


def _main(folder: str, *arguments: str) -> None:
    _furnish(Path(folder))
    os.chdir(folder)
    ordinary = ["unshare", "--user", f"--map-user={_NUMBER}", f"--map-group={_NUMBER}"]
    os.execvp("unshare", [*ordinary, *arguments])


if __name__ == "__main__":
    _main(*sys.argv[1:])

"""Where and with what a run was made."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path

__all__ = ["facts"]

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("toolvitals", "prometheus_client", "opentelemetry-sdk")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _commit() -> str:
    commit = _output("git", "rev-parse", "--short=12", "HEAD")
    changed = _output("git", "status", "--porcelain", "--untracked-files=no", "--", "cpp", "python", "CMakeLists.txt")
    return f"{commit} with uncommitted changes" if changed else commit or "unknown"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def facts() -> dict[str, str]:
    """The machine, the commit and the versions, by what they are called in the report."""
    cores = len(os.sched_getaffinity(0))
    compiler = _output("c++", "--version").partition("\n")[0]
    prometheus_cpp = _output("pkg-config", "--modversion", "prometheus-cpp-core")
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{_processor()}, {cores} cores",
        "kernel": f"{platform.system()} {platform.release()}",
        "load before the run": "{:.2f} {:.2f} {:.2f}".format(*os.getloadavg()),
        "niceness": str(os.nice(0)),
        "commit": _commit(),
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "compiler": compiler,
        "prometheus-cpp": prometheus_cpp or "unknown",
        **{package: _version(package) for package in PACKAGES},
    }

"""Runs every benchmark and writes RESULTS.md.

python -m benchmarks [--quick] [--cpp FOLDER] [--output FILE] [--only AREA ...]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from benchmarks import cpp, machine, report

ROOT = Path(__file__).resolve().parent.parent
AREAS = (
    "recording",
    "instruments",
    "reading",
    "exposition",
    "snapshots",
    "memory",
    "children",
    "processes",
    "imports",
    "scrapes",
    "interference",
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure and write RESULTS.md.")
    parser.add_argument("--quick", action="store_true", help="a smoke test: everything runs, no figure means anything")
    parser.add_argument("--cpp", type=Path, metavar="FOLDER", help="a build folder with the *_benchmarks binaries")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "RESULTS.md", metavar="FILE")
    parser.add_argument("--raw", type=Path, metavar="FILE", help="also write every figure as JSON")
    parser.add_argument("--only", nargs="*", choices=(*AREAS, "cpp"), metavar="AREA", help="some areas only")
    parser.add_argument("--area", choices=AREAS, help=argparse.SUPPRESS)
    return parser.parse_args()


def _environment() -> dict[str, str]:
    """The environment of a run: toolvitals as it is without configuration."""
    ours = ("METRICS_", "PROMETHEUS_", "PERFORMANCE_METRICS_", "TOOLVITALS_", "OTEL_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return environment


def _run_area(area: str, quick: bool) -> Any:
    """An area in a process of its own, so that none inherits another's series, threads or heap."""
    command = [sys.executable, "-m", "benchmarks", "--area", area, *(["--quick"] if quick else [])]
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=_environment())
    return json.loads(process.stdout)


def main() -> None:
    """The command."""
    arguments = _arguments()
    if arguments.area:
        print(json.dumps(importlib.import_module(f"benchmarks.python.{arguments.area}").run(arguments.quick)))
        return
    facts = machine.facts()
    wanted = arguments.only or (*AREAS, *(["cpp"] if arguments.cpp else []))
    figures: dict[str, Any] = {}
    for area in wanted:
        print(f"{area} ...", end="", flush=True)
        started = monotonic()
        figures[area] = cpp.run(arguments.cpp, arguments.quick) if area == "cpp" else _run_area(area, arguments.quick)
        print(f" {monotonic() - started:.0f} s", flush=True)
    if arguments.raw:
        arguments.raw.write_text(json.dumps({"facts": facts, "figures": figures}, indent=1) + "\n")
    text = report.render(facts, figures, quick=arguments.quick)
    arguments.output.write_text(text)
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()

"""Measures `@tool` on several CPythons and writes VERSIONS.md, beside the figures of an earlier commit.

python -m benchmarks.versions [--quick] [--output FILE] [--keep FILE] PYTHON ...

Each PYTHON has toolvitals installed. With --keep the figures are written as JSON and become what later runs are held
against; `versions_before.json` holds those of the commit that it names.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.python.decorated import KINDS

ROOT = Path(__file__).resolve().parent.parent
BEFORE = Path(__file__).with_name("versions_before.json")
HEAD = """# What @tool costs on each CPython

Written by `make bench-versions`. A figure is what `@tool` adds to a call, decorated less bare, in multiples of an empty
C call and of `time.perf_counter_ns()`; all subjects of one version are measured in one process, taking turns, and the
best of many rounds counts. Nanoseconds are of this run. The goals: a function less than two `perf_counter_ns()` calls,
a coroutine at most 120 ns on the machine of RESULTS.md. "Before" are the multiples of commit {commit}, measured
{date} on {processor}.
"""
SECTION = """
## CPython {python}

An empty C call takes {c:.1f} ns, `perf_counter_ns()` {clock:.1f} ns, an empty Python function {plain:.1f} ns.

| kind | adds, ns | in empty C calls | before | in `perf_counter_ns()` calls | before |
| --- | ---: | ---: | ---: | ---: | ---: |
"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.versions", description="Measure and write VERSIONS.md.")
    parser.add_argument("--quick", action="store_true", help="a smoke test: everything runs, no figure means anything")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "VERSIONS.md", metavar="FILE")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write the figures here instead, to be held against")
    parser.add_argument("interpreters", nargs="+", metavar="PYTHON")
    return parser.parse_args()


def measure(interpreter: str, quick: bool) -> dict[str, Any]:
    """What one interpreter measures: the best of two processes, whose memory is laid out differently."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [interpreter, "-m", "benchmarks.python.decorated", *(["--quick"] if quick else [])]
    runs: list[dict[str, Any]] = []
    for _ in range(2):
        process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
        runs.append(json.loads(process.stdout))
    best = {name: round(min(run["best"][name] for run in runs), 2) for name in runs[0]["best"]}
    return {"python": runs[0]["python"], "best": best}


def minor(python: str) -> str:
    """The version by which figures are held against each other: 3.11 of 3.11.7."""
    return ".".join(python.split(".")[:2])


def added(best: dict[str, float], kind: str) -> float:
    """Nanoseconds that `@tool` adds to a call of a kind."""
    return best[f"@tool {kind}"] - best[f"bare {kind}"]


def section(figures: dict[str, Any], before: dict[str, float] | None) -> str:
    """The table of one version."""
    best = figures["best"]
    floors = best["empty C function"], best["perf_counter_ns"]
    text = SECTION.format(python=figures["python"], c=floors[0], clock=floors[1], plain=best["bare function"])
    for kind in KINDS:
        now = [added(best, kind) / floor for floor in floors]
        then = ["", ""]
        if before is not None:
            then = [f"{added(before, kind) / before[name]:.2f}" for name in ("empty C function", "perf_counter_ns")]
        text += f"| {kind} | {added(best, kind):.0f} | {now[0]:.2f} | {then[0]} | {now[1]:.2f} | {then[1]} |\n"
    return text


def render(measured: list[dict[str, Any]], before: dict[str, Any]) -> str:
    """The document."""
    facts = machine.facts()
    text = HEAD.format(**before)
    text += "\n| | of this run |\n| --- | --- |\n"
    text += "".join(f"| {name} | {facts[name]} |\n" for name in ("date", "processor", "load before the run", "commit"))
    return text + "".join(section(each, before["best"].get(minor(each["python"]))) for each in measured)


def main() -> None:
    """The command."""
    arguments = _arguments()
    measured = [measure(interpreter, arguments.quick) for interpreter in arguments.interpreters]
    if arguments.keep:
        facts = machine.facts()
        kept = {name: facts[name] for name in ("commit", "date", "processor")}
        best = {minor(each["python"]): each["best"] for each in measured}
        arguments.keep.write_text(json.dumps({**kept, "best": best}, indent=1) + "\n")
        return
    arguments.output.write_text(render(measured, json.loads(BEFORE.read_text())))
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()

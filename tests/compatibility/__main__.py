"""Runs every case in its environment, and writes docs/reference/compatibility.md.

python -m tests.compatibility [FOLDER ...]

With folders, only theirs are run; what the others gave last is taken for the table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

from tests.compatibility.case_table import DOCUMENT, FOLDER, Case, Result, cases, render
from tests.compatibility.environments import BUILD, ROOT, interpreter

RESULTS = BUILD / "results"
KEPT = {"HOME", "LANG", "PATH", "TMPDIR"}
# Nothing that is tried here may call home.
SILENT = {
    "DO_NOT_TRACK": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}
FOLDERS = sorted({path.parent.name for path in FOLDER.glob("*/test_*.py")})


def run(file: Path, python: Path) -> bool:
    """Runs the cases of a file in a process of their own, for some frameworks patch what all share."""
    report = RESULTS / f"{file.parent.name}-{file.stem}.json"
    report.unlink(missing_ok=True)
    print(f"-- {file.relative_to(FOLDER)}", flush=True)
    command = [str(python), "-m", "pytest", "-q", "-c", str(FOLDER / "frameworks.ini"), str(file)]
    command += ["--tb=short", "--no-header", "--compatibility-report", str(report)]
    # Frameworks look for their settings in the environment; those of whoever runs this are none of theirs.
    environment = {key: value for key, value in os.environ.items() if key in KEPT} | SILENT
    return subprocess.run(command, cwd=ROOT, env=environment).returncode == 0


def results() -> list[Result]:
    """What every case gave when it was last run."""
    return [Result(**each) for path in sorted(RESULTS.glob("*.json")) for each in json.loads(path.read_text())]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.compatibility", description=__doc__)
    parser.add_argument("folders", nargs="*", choices=[*FOLDERS, []], default=[], metavar="FOLDER")
    folders = parser.parse_args().folders or FOLDERS
    RESULTS.mkdir(parents=True, exist_ok=True)
    passed = [
        run(file, python)
        for folder in folders
        for python in [interpreter(folder)]
        for file in sorted((FOLDER / folder).glob("test_*.py"))
    ]
    found = results()
    missing = set(cases()) - {Case(each.framework, each.tried) for each in found}
    for case in sorted(missing, key=str):
        print(f"no result: {case.framework}: {case.tried}", file=sys.stderr)
    if not missing:
        DOCUMENT.write_text(render(found, platform.python_version()), encoding="utf-8")
        print(f"wrote {DOCUMENT.relative_to(ROOT)}")
    return 0 if all(passed) and not missing else 1


if __name__ == "__main__":
    raise SystemExit(main())

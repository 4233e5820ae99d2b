"""Looks for texts on which our parsers and prometheus_client's disagree.

Atheris chooses the texts by what they reach, where it is installed; else they are seeds with random changes. What is
found is kept, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from parser_fuzz.mutation import mutate
from parser_fuzz.oracle import FORMATS, difference
from parser_fuzz.seeds import PUBLIC_CASES, seeds

_MAX_BYTES = 4096


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m parser_fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=30, help="how long to look, for each format")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"), help="where to keep what is found")
    arguments = parser.parse_args()
    if not PUBLIC_CASES.is_dir():
        print(f"The OpenMetrics project's cases are skipped as seeds: they are not in {PUBLIC_CASES}")
    look = _by_coverage if importlib.util.find_spec("atheris") else _at_random
    failures = [kind for kind in FORMATS if not look(kind, arguments.seconds, arguments.folder)]
    return 1 if failures else 0


def _by_coverage(kind: str, seconds: int, folder: Path) -> bool:
    """Whether nothing was found."""
    print(f"-- parser_{kind}, by coverage", flush=True)
    kept = folder / "corpus" / f"parser_{kind}"
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as given:
        for i, text in enumerate(seeds(kind)):
            (Path(given) / str(i)).write_text(text, encoding="utf-8")
        # A process of its own, which libFuzzer ends in its own way.
        command = [
            *(sys.executable, "-m", "parser_fuzz.by_coverage", kind),
            *(f"-max_total_time={seconds}", f"-max_len={_MAX_BYTES}", "-verbosity=0", "-print_final_stats=1"),
            *(f"-artifact_prefix={folder}/parser_{kind}-", str(kept), given),
        ]
        return subprocess.run(command, check=False).returncode == 0


def _at_random(kind: str, seconds: int, folder: Path) -> bool:
    """Whether nothing was found."""
    print(f"-- parser_{kind}, at random, since Atheris is not installed", flush=True)
    source = random.Random()
    texts = [text for text in seeds(kind) if len(text) <= _MAX_BYTES]
    end = time.monotonic() + seconds
    runs = 0
    while time.monotonic() < end:
        text = mutate(source.choice(texts), source)
        found = difference(text, kind)
        runs += 1
        if found is not None:
            path = folder / f"parser_{kind}-difference"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"{found}\nkept in {path}")
            return False
    print(f"{runs} texts")
    return True


if __name__ == "__main__":
    sys.exit(main())

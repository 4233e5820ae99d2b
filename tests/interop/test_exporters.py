"""Open-source programs written for prometheus_client, run on it and on toolvitals.prometheus: they expose the same.

Each program is run twice in processes of its own. Nothing of it is changed but what `import prometheus_client` finds.
Their packages are in an environment of their own, which is kept in build/ and made when it is missing.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from environments import variables_of
from prometheus_client.parser import text_string_to_metric_families

FOLDER = Path(__file__).with_name("exporters")
PROGRAMS = sorted(path.name.removesuffix("_program.py") for path in FOLDER.glob("*_program.py"))

# What is measured of this process or of the clock, and so is different in every run.
OF_THE_PROCESS = re.compile(r"(process_|python_gc_).*")
OF_THE_CLOCK = re.compile(r".*(second|time|duration|latency|spread).*")
# Counts how often the program was collected, which a scrape of the native endpoint may do once more.
OF_COLLECTING = {"rq_request_processing_seconds"}

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], "float | None"]
# By name and type: a gauge and a counter may differ by no more than the counter's suffix.
Families = dict[tuple[str, str], tuple[str, Samples]]

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """Runs the programs with their packages and this very toolvitals."""
    lines = (FOLDER / "requirements.txt").read_text().splitlines()
    return variables_of("exporters", *(line for line in lines if not line.startswith("#")))


def texts_of(program: str, client: str, environment: dict[str, str]) -> dict[str, str]:
    finished = subprocess.run(
        [environment["PYTHON"], str(FOLDER / "run.py"), program, client],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert finished.returncode == 0, finished.stderr
    texts: dict[str, str] = json.loads(finished.stdout.splitlines()[-1])
    return texts


def families_of(text: str) -> Families:
    """What has to be the same in every run: a sample whose value is not has None."""
    families: Families = {}
    for family in text_string_to_metric_families(text):
        samples: Samples = {}
        for sample in family.samples:
            measured = OF_THE_PROCESS.fullmatch(family.name) or sample.name.endswith("_created")
            if OF_THE_CLOCK.fullmatch(family.name) and family.type in ("histogram", "summary", "gauge"):
                measured = measured or not (sample.name.endswith("_count") or sample.labels.get("le") == "+Inf")
            series = sample.name, tuple(sorted(sample.labels.items()))
            assert series not in samples
            samples[series] = None if measured else sample.value
        assert (family.name, family.type) not in families
        families[family.name, family.type] = (family.documentation, samples)
    return families


@pytest.mark.timeout(400)
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_exposes_the_same_with_either_client(program: str, environment: dict[str, str]) -> None:
    ours = texts_of(program, "ours", environment)
    expected = families_of(texts_of(program, "peer", environment)["scrape"])
    assert expected
    assert families_of(ours["scrape"]) == expected

    # The native endpoint has the same instruments. It shows no family without series, and when one began in other
    # formats only.
    native = families_of(ours["native"])
    for (name, typ), (documentation, samples) in families_of(ours["instruments"]).items():
        if samples and not name.endswith("_created") and name not in OF_COLLECTING:
            assert native.get((name, typ)) == (documentation, samples)

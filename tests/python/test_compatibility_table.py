"""docs/reference/compatibility.md: it names every case, and nothing that is no case."""

from __future__ import annotations

from pathlib import Path

from case_table import DOCUMENT, NOT_TRIED, Case, Result, cases, render


def rows(text: str) -> list[list[str]]:
    """The cells of each row of the table."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_the_table_names_every_case() -> None:
    named = {Case(framework, tried) for framework, _, tried, *_ in rows(DOCUMENT.read_text(encoding="utf-8"))}
    assert named == set(cases()), "run `make compatibility`"


def test_every_case_says_what_it_tries() -> None:
    found = list(cases())
    assert all(case.tried and "|" not in case.tried for case in found)
    assert len(found) == len(set(found))


def test_no_case_failed_when_the_table_was_written() -> None:
    failed = [row for row in rows(DOCUMENT.read_text(encoding="utf-8")) if "fails" in row[-1]]
    assert not failed


def test_cases_are_read_from_the_source(tmp_path: Path) -> None:
    file = tmp_path / "test_x.py"
    file.write_text('FRAMEWORK = "X"\n\ndef test_a(tool):\n    """Tries a.\n\n    More."""\n\ndef helper(): ...\n')
    assert list(cases([file])) == [Case("X", "Tries a")]


def test_parameters_of_a_case_are_one_row() -> None:
    result = Result("X", "1", "a", 2, "as without")
    assert rows(render([result, result], "3.11")) == [["X", "1", "a", "2", "as without"]]


def test_a_parameter_that_was_not_tried_is_no_row_beside_one_that_was() -> None:
    tried, skipped = (Result("X", "1", "a", 2, result) for result in ("as without", NOT_TRIED))
    assert rows(render([tried, skipped], "3.11")) == [["X", "1", "a", "2", "as without"]]
    assert rows(render([skipped], "3.11")) == [["X", "1", "a", "2", NOT_TRIED]]

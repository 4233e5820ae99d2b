"""The shape of the documentation: every page is listed, every link leads somewhere, limits stand where readers look."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if page.parent.name != "decisions")
LINKED = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def pages_of(kind: str) -> list[Path]:
    return sorted((DOCS / kind).glob("*.md"))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def links_of(page: Path) -> list[str]:
    """Where the page links to, without what is outside of the project."""
    tokens = MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8"))
    inner = [child for token in tokens for child in token.children or ()]
    found = [str(child.attrs["href"]) for child in inner if child.type == "link_open"]
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def headings_of(page: Path) -> list[str]:
    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    return [inner.content for head, inner in itertools.pairwise(tokens) if head.type == "heading_open"]


def anchor(heading: str) -> str:
    """What GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("entry", [ROOT / "README.md", DOCS / "README.md"], ids=name)
def test_every_page_is_listed(entry: Path) -> None:
    listed = {(entry.parent / link.partition("#")[0]).resolve() for link in links_of(entry)}
    missing = [name(page) for page in PAGES if page not in listed and page.name != "README.md"]
    assert not missing, f"{name(entry)} does not name {', '.join(missing)}"


def test_every_decision_is_listed() -> None:
    records = DOCS / "decisions"
    listed = [link for link in links_of(records / "README.md") if link.startswith("0")]
    assert sorted(page.name for page in records.glob("0*.md")) == sorted(listed)


@pytest.mark.parametrize("page", LINKED, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links_of(page):
        path, _, part = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)} links to {link}"
        if part:
            assert part in {anchor(heading) for heading in headings_of(target)}, f"{name(page)} links to {link}"


def test_every_target_of_make_that_is_named_is_there() -> None:
    """And says what it does, so that `make help` lists it."""
    listed = set(re.findall(r"(?m)^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8")))
    named = {
        target: name(page)
        for page in LINKED
        for target in re.findall(
            r"(?m)(?:^|`|[$] )(?:[A-Z]+=\S+ )?make ([a-z][a-z-]*)", page.read_text(encoding="utf-8")
        )
    }
    assert len(named) > 5
    assert set(named) <= listed, {target: page for target, page in named.items() if target not in listed}


@pytest.mark.parametrize(
    "page", [*pages_of("tutorial"), *pages_of("how-to"), *pages_of("explanation"), ROOT / "README.md"], ids=name
)
def test_limits_stand_at_the_end(page: Path) -> None:
    assert headings_of(page)[-1] == "Limits", "limits are the last section"
    assert "Limits first" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", pages_of("reference"), ids=name)
def test_limits_stand_first_in_a_reference(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.split("\n\n")[1].startswith("Limits first"), "a reference begins with its limits"


@pytest.mark.parametrize("page", [*pages_of("tutorial"), *pages_of("how-to")], ids=name)
def test_a_page_says_what_its_failure_looks_like(page: Path) -> None:
    assert "When it does not work" in headings_of(page)

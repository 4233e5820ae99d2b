"""What a wheel ships beside the code: hardened shared objects, licenses, a bill of materials.

Of the installed package; or of the one in the folder SITE_UNDER_TEST, as scripts/check-wheel unpacks a repaired wheel.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from elftools.elf.elffile import ELFFile

SITE = os.environ.get("SITE_UNDER_TEST")
DISTRIBUTION = next(
    iter(metadata.distributions(name="toolvitals", path=[SITE]) if SITE else metadata.distributions(name="toolvitals"))
)
FILES = {str(file): Path(str(file.locate())) for file in DISTRIBUTION.files or ()}
EXTENSIONS = {name: path for name, path in FILES.items() if re.match(r"toolvitals/\w+\..*so$", name)}
BUNDLED = {name: path for name, path in FILES.items() if re.match(r"toolvitals\.libs/", name)}
# The C library and the compilers' runtimes are the system's, and no wheel may carry them.
SYSTEM = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+))\.so")
SONAMES = {"libabsl_": "abseil-cpp", "libz.": "zlib", "libprometheus-cpp-": "prometheus-cpp"}
PF_X, PF_W = 1, 2
DF_BIND_NOW, DF_TEXTREL, DF_1_NOW = 8, 4, 1


@contextmanager
def opened(path: Path) -> Iterator[ELFFile]:
    with path.open("rb") as stream:
        yield ELFFile(stream)


def dynamic(elf: ELFFile, tag: str) -> list[Any]:
    """The entries of the dynamic section that have the tag."""
    return [entry for entry in elf.get_section_by_name(".dynamic").iter_tags() if entry.entry.d_tag == tag]


def flags(elf: ELFFile, tag: str) -> int:
    return sum(int(entry.entry.d_val) for entry in dynamic(elf, tag))


def imported(elf: ELFFile) -> set[str]:
    symbols = elf.get_section_by_name(".dynsym").iter_symbols()
    return {symbol.name for symbol in symbols if symbol.entry.st_shndx == "SHN_UNDEF"}


def needed(path: Path) -> set[str]:
    with opened(path) as elf:
        return {entry.needed for entry in dynamic(elf, "DT_NEEDED")}


def sanitized(path: Path) -> bool:
    with opened(path) as elf:
        return any(name.startswith(("__asan_", "__tsan_", "__ubsan_")) for name in imported(elf))


def bill() -> dict[str, Any]:
    (name,) = [name for name in FILES if name.endswith(".dist-info/sboms/toolvitals.cdx.json")]
    listed: dict[str, Any] = json.loads(FILES[name].read_text(encoding="utf-8"))
    return listed


def linkages() -> dict[str, str]:
    """How each library is linked, as the bill of materials says."""
    return {part["name"]: part["properties"][0]["value"] for part in bill()["components"]}


@pytest.mark.parametrize("name", sorted([*EXTENSIONS, *BUNDLED]))
def test_no_memory_is_both_written_and_executed(name: str) -> None:
    with opened(FILES[name]) as elf:
        segments = {segment.header.p_type: segment.header.p_flags for segment in elf.iter_segments()}
        assert not segments["PT_GNU_STACK"] & PF_X
        assert "PT_GNU_RELRO" in segments
        loaded = [segment.header.p_flags for segment in elf.iter_segments("PT_LOAD")]
        assert loaded
        assert not any(flag & PF_W and flag & PF_X for flag in loaded)
        assert not flags(elf, "DT_FLAGS") & DF_TEXTREL
        assert not dynamic(elf, "DT_TEXTREL")


@pytest.mark.parametrize("name", sorted(EXTENSIONS))
def test_what_we_compile_is_hardened(name: str) -> None:
    if sanitized(FILES[name]):
        pytest.skip("a sanitizer sees more")
    with opened(FILES[name]) as elf:
        assert flags(elf, "DT_FLAGS") & DF_BIND_NOW or flags(elf, "DT_FLAGS_1") & DF_1_NOW, "not bound at start"
        assert "__stack_chk_fail" in imported(elf), "no stack protector"
        if "/_core." in name:
            checked = {symbol for symbol in imported(elf) if symbol.endswith("_chk")}
            assert checked, "no checked functions of the C library"


def test_the_bill_of_materials_is_valid() -> None:
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill()))
    assert fault is None, fault
    package = bill()["metadata"]["component"]
    assert (package["name"], package["version"]) == ("toolvitals", DISTRIBUTION.version)
    parts = {part["bom-ref"] for part in bill()["components"]}
    (depended,) = [entry["dependsOn"] for entry in bill()["dependencies"] if entry["ref"] == package["bom-ref"]]
    assert set(depended) == parts


def test_every_library_that_is_linked_is_in_the_bill_of_materials() -> None:
    linked = set[str]()
    for soname in set[str]().union(*map(needed, EXTENSIONS.values())):
        if not SYSTEM.match(soname):
            # A name that nobody knows is a library that nobody wrote down.
            linked.add(next(name for start, name in SONAMES.items() if soname.startswith(start)))
    assert linked == {name for name, linkage in linkages().items() if linkage == "shared"}
    assert {"boost", "nlohmann-json", "protozero", "pybind11"} <= set(linkages())


def test_versions_are_those_of_what_is_linked() -> None:
    versions = {part["name"]: part.get("version") for part in bill()["components"]}
    # The push library's package says its version nowhere. No wheel for others has it.
    assert {name for name, version in versions.items() if not version} <= {"prometheus-cpp"}
    sonames = set[str]().union(*map(needed, EXTENSIONS.values()))
    releases = {match[1] for match in map(re.compile(r"libabsl_.*\.so\.(\d+)").fullmatch, sonames) if match}
    assert releases <= {versions["abseil-cpp"].partition(".")[0]}
    if not SITE:
        assert versions["pybind11"] == metadata.version("pybind11")


def test_licenses_of_all_that_is_in_it_are_shipped() -> None:
    shipped = {name.partition(".dist-info/licenses/")[2] for name in FILES} - {""}
    # The exception to the license of GCC's runtime asks for nothing where it was linked by a compiler.
    wanted = {"LICENSE", *(f"licenses/{name}.txt" for name in linkages() if name != "gcc-runtime")}
    assert wanted <= shipped
    assert shipped == set(DISTRIBUTION.metadata.get_all("License-File") or ())
    assert all(path.stat().st_size > 500 for name, path in FILES.items() if ".dist-info/licenses/" in name)

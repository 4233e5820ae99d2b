"""What builds from sources: they are all in the source distribution, and CMake says where they do not build."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = [
    "CMakeLists.txt",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "pyproject.toml",
    "cmake",
    "cpp",
    "licenses",
    "python",
]


def test_the_source_distribution_has_all_that_a_build_needs(tmp_path: Path) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *NEEDED],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listing.returncode != 0:
        pytest.skip("no repository says which files belong to the project")
    wanted = {name for name in listing.stdout.splitlines() if (ROOT / name).is_file()}
    command = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (archive,) = tmp_path.glob("toolvitals-*.tar.gz")
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert wanted
    assert wanted <= names
    # Nothing that was built, and nothing of this machine.
    assert not {name for name in names if re.search(r"(^|/)(build|\.venv|wheelhouse|\.ci)/|\.so$", name)}


@pytest.mark.parametrize(("system", "builds"), [("Linux", True), ("Darwin", False), ("FreeBSD", False)])
def test_cmake_says_where_it_does_not_build(system: str, builds: bool) -> None:
    command = ["cmake", f"-DCMAKE_SYSTEM_NAME={system}", "-P", "cmake/ToolvitalsPlatform.cmake"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode == 0) is builds
    if not builds:
        assert f"Linux alone so far, and this is {system}" in " ".join(result.stderr.split())
        named = re.findall(r"(?m)^ +(\w+/\w+\.cc)  ", result.stderr)
        assert named
        assert all((ROOT / "cpp" / name).is_file() for name in named)

"""Writes the bill of materials of a wheel, in CycloneDX's JSON: what was compiled into it, and what it links.

What auditwheel copies into a repaired wheel, auditwheel lists in a document of its own beside this one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL


class Library(NamedTuple):
    """What does not change from one build to the next."""

    license: str  # An SPDX expression.
    url: str  # A package URL without its version.


LIBRARIES = {
    "abseil-cpp": Library("Apache-2.0", "pkg:github/abseil/abseil-cpp"),
    "boost": Library("BSL-1.0", "pkg:github/boostorg/boost"),
    "gcc-runtime": Library("GPL-3.0-or-later WITH GCC-exception-3.1", "pkg:generic/gcc"),
    "nlohmann-json": Library("MIT AND Apache-2.0", "pkg:github/nlohmann/json"),
    "prometheus-cpp": Library("MIT", "pkg:github/jupp0r/prometheus-cpp"),
    "protozero": Library("BSD-2-Clause AND Apache-2.0", "pkg:github/mapbox/protozero"),
    "pybind11": Library("BSD-3-Clause", "pkg:pypi/pybind11"),
    "zlib": Library("Zlib", "pkg:github/madler/zlib"),
}


def component(name: str, version: str | None, library: Library, linkage: str | None = None) -> Component:
    """A library with its version, and how it is linked."""
    url = PackageURL.from_string(library.url)._replace(version=version)
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=version,
        licenses=[LicenseExpression(library.license)],
        purl=url,
        bom_ref=url.to_string(),
        properties=[Property(name="toolvitals:linkage", value=linkage)] if linkage else [],
    )


def bill(version: str, linkages: dict[str, str], versions: dict[str, str]) -> Bom:
    """The document: the package, and each library that it depends on."""
    package = component("toolvitals", version, Library("Apache-2.0", "pkg:pypi/toolvitals"))
    libraries = [
        component(name, versions.get(name), LIBRARIES[name], linkage) for name, linkage in sorted(linkages.items())
    ]
    bom = Bom(components=libraries)
    # The same build says the same: the number is made of what is listed, and the time is the one that the builder says.
    listed = "\n".join([version, *(f"{part.purl} {linkages[part.name]}" for part in libraries)])
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, f"https://pypi.org/project/toolvitals/\n{listed}")
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        bom.metadata.timestamp = datetime.fromtimestamp(int(epoch), timezone.utc)
    bom.metadata.component = package
    bom.register_dependency(package, libraries)
    return bom


def main() -> None:
    """Asks the program that was compiled for its versions, and writes what it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", required=True, help="of toolvitals")
    parser.add_argument("--versions", required=True, type=Path, help="the program that prints the libraries' versions")
    parser.add_argument("--output", required=True, type=Path)
    parser.add_argument("libraries", nargs="+", metavar="NAME=LINKAGE[@VERSION]", help="headers, static or shared")
    arguments = parser.parse_args()
    said = subprocess.run([arguments.versions.resolve()], check=True, capture_output=True, text=True).stdout
    versions = dict(line.split() for line in said.splitlines())
    linkages = {}
    for name, _, how in (library.partition("=") for library in arguments.libraries):
        linkages[name], _, version = how.partition("@")
        if version:
            versions[name] = version
    document = JsonV1Dot6(bill(arguments.version, linkages, versions)).output_as_string(indent=2)
    arguments.output.write_text(document + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""One run of libFuzzer, by way of Atheris: `python -m parser_fuzz.by_coverage FORMAT OPTION... FOLDER...`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["toolvitals.prometheus", "prometheus_client"]):
    from parser_fuzz.oracle import difference


def main() -> None:
    kind = sys.argv.pop(1)

    def test_one(data: bytes) -> None:
        found = difference(data.decode("utf-8", "replace"), kind)
        if found is not None:
            raise AssertionError(found)

    atheris.Setup(sys.argv, test_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

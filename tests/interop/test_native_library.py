"""A C++ library in this process, compiled with our headers: its metrics at our endpoint, ours in its model."""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
import scrapes
from prometheus_client.parser import text_string_to_metric_families

import toolvitals
from toolvitals import _core

pytestmark = pytest.mark.interop

SOURCE = Path(__file__).with_name("native_library.cc")
HEADERS = Path(__file__).parents[2] / "cpp" / "bridge" / "include"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The library, loaded."""
    built = tmp_path_factory.mktemp("library") / "library.so"
    compiler = os.environ.get("CXX", "c++")
    flags = ["-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", f"-I{headers()}"]
    subprocess.run([compiler, *flags, str(SOURCE), "-o", str(built), "-lprometheus-cpp-core"], check=True)
    loaded = ctypes.CDLL(str(built))
    loaded.library_show.argtypes = loaded.library_expose.argtypes = [ctypes.c_void_p]
    loaded.library_work.argtypes = [ctypes.c_double]
    loaded.library_expose.restype = ctypes.c_char_p
    return loaded


def headers() -> str:
    """Those of the package; those of the source tree where Python runs from there."""
    installed = toolvitals.get_include()
    return installed if os.path.isdir(installed) else str(HEADERS)


@pytest.fixture
def api() -> Any:
    """The address of the table, as PyCapsule_Import() gives it."""
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.argtypes, get.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_void_p
    return get(_core._api, b"toolvitals._core._api")


def test_one_endpoint_serves_both(library: Any, api: Any, prometheus_url: str) -> None:
    library.library_show(api)
    try:
        library.library_work(2)
        toolvitals.get_collector().record_tool_call("beside", success=True, latency_ms=1.0)
        families = scrapes.scrape(prometheus_url)
        (sample,) = families["library_jobs"].samples
        assert (sample.name, sample.labels, sample.value) == ("library_jobs_total", {"kind": "native"}, 2.0)
        assert families["library_jobs"].documentation == "Jobs of a C++ library."
        assert "tool_calls" in families
        for accept in ("application/openmetrics-text", "application/json"):
            assert "library_jobs" in scrapes.fetch(prometheus_url, Accept=accept)
        library.library_work(0.5)
        assert scrapes.scrape(prometheus_url)["library_jobs"].samples[0].value == 2.5
    finally:
        library.library_hide()
    assert "library_jobs" not in scrapes.scrape(prometheus_url)


def test_ours_is_a_collectable(library: Any, api: Any) -> None:
    toolvitals.get_collector().reset()
    for _ in range(3):
        toolvitals.get_collector().record_tool_call("exposed", success=True, latency_ms=20.0)
    text = library.library_expose(api).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    (calls,) = [
        sample
        for sample in families["tool_calls"].samples
        if sample.labels["outcome"] == "success" and sample.labels["tool"] == "exposed"
    ]
    assert calls.value == 3
    # The same families as our own text has.
    own = {family.name: family.type for family in text_string_to_metric_families(_core.render("prometheus").decode())}
    assert {name: family.type for name, family in families.items()} == own


def test_it_comes_and_goes_under_scrapes(library: Any, api: Any, prometheus_url: str) -> None:
    done = threading.Event()

    def come_and_go() -> None:
        while not done.is_set():
            library.library_show(api)
            library.library_hide()

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        # Of its own family: what other tests have left in this process would take long to read.
        for _ in range(200):
            scrapes.scrape(f"{prometheus_url}?name[]=library_jobs_total")
    finally:
        done.set()
        thread.join()

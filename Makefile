# make demo and make test install, build and run everything they need. The rest is for working on toolvitals itself.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
# The compiled package is made anew when any of these is newer than the installed one.
CORE_SOURCES := $(shell find cpp cmake CMakeLists.txt -name '*_test.cc' -prune -o -name '*_benchmark.cc' -prune -o \
	\( -name '*.h' -o -name '*.cc' -o -name '*.cmake' -o -name CMakeLists.txt \) -print)
PACKAGE_SOURCES := $(CORE_SOURCES) $(shell find python -name '*.py' -o -name '*.pyi' -o -name py.typed)
DEMO_SECONDS ?=
WORKERS ?=
export DEMO_SECONDS WORKERS
FUZZ_SECONDS ?= 30
export FUZZ_SECONDS
KILLS ?= 1000
SEEDS ?= 10000
LIVES ?= 200

.PHONY: help build demo test test-slow test-cpp test-versions compatibility lint format bench bench-versions
.PHONY: sanitize fuzz crash docs coverage wheel wheels sdist clean bootstrap bootstrap-test bootstrap-bench

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | \
		while IFS='|' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

bootstrap:
	@scripts/bootstrap build

bootstrap-test:
	@scripts/bootstrap test

bootstrap-bench:
	@scripts/bootstrap bench

build: bootstrap $(VENV)/.package ## Install the package and its development tools into .venv

demo: build ## Run a real MCP server under load and watch it (DEMO_SECONDS=n ends it; WORKERS=n kills some of n)
	@$(VENV)/bin/python -m tests.demo

# Both suites run even if the first one fails; the Python summary comes last.
test: bootstrap-test build ## Run every test but the slow ones: C++, then Python
	@status=0; $(MAKE) --no-print-directory test-cpp || status=$$?; \
	scripts/run-pytest $(VENV) -m "not slow" || status=$$?; \
	exit $$status

test-slow: bootstrap-test build ## Run the tests that are marked as slow
	@scripts/run-pytest $(VENV) -m slow

test-cpp: bootstrap-test
	@cmake -G Ninja -S . -B build/cpp -DCMAKE_BUILD_TYPE=Release -DTOOLVITALS_BUILD_TESTS=ON >/dev/null
	@cmake --build build/cpp
	@ctest --test-dir build/cpp --output-on-failure --no-tests=error --progress --parallel "$$(nproc)"

test-versions: bootstrap ## Build and test with every installed CPython from 3.10 to 3.14
	@scripts/test-versions

compatibility: build ## Try @tool in real frameworks and write docs/reference/compatibility.md
	@$(VENV)/bin/python -m tests.compatibility

docs: build ## Write the tables of families in the reference pages, from toolvitals.catalogue
	@$(VENV)/bin/python scripts/write_families.py

lint: build ## Check style, formatting, types and the stubs
	@scripts/lint

format: build ## Format every file as lint wants it
	@$(VENV)/bin/ruff check --fix -q . || true
	@$(VENV)/bin/ruff format -q .
	@git ls-files --cached --others --exclude-standard 'cpp/*.h' 'cpp/*.cc' 'tests/*.cc' 'tests/*.h' | \
		xargs $(VENV)/bin/clang-format -i

bench: bootstrap-bench build ## Measure toolvitals beside its peers and write benchmarks/RESULTS.md
	@cmake -G Ninja -S . -B build/bench -DCMAKE_BUILD_TYPE=Release -DTOOLVITALS_BUILD_BENCHMARKS=ON >/dev/null
	@cmake --build build/bench
	@$(VENV)/bin/python -m benchmarks --cpp build/bench

bench-versions: build ## Measure @tool on every installed CPython and write benchmarks/VERSIONS.md
	@scripts/bench-versions

sanitize: build ## Run the tests under TSAN, ASAN and UBSAN, and the fuzz targets for FUZZ_SECONDS each
	@scripts/bootstrap sanitize
	@scripts/sanitize

fuzz: build ## Run the fuzz targets alone, for FUZZ_SECONDS each
	@scripts/bootstrap sanitize
	@scripts/sanitize fuzz

crash: bootstrap-test build ## Kill KILLS processes, simulate SEEDS orders of steps, play LIVES services
	@cmake -G Ninja -S . -B build/cpp -DCMAKE_BUILD_TYPE=Release -DTOOLVITALS_BUILD_TESTS=ON >/dev/null
	@cmake --build build/cpp --target fleet_tests
	@TOOLVITALS_SIMULATION_SEEDS=$(SEEDS) build/cpp/cpp/fleet/fleet_tests --gtest_filter='*Simulation*'
	@$(VENV)/bin/python -m tests.crash --kills $(KILLS)
	@$(VENV)/bin/python -m tests.crash.lifetimes --seeds $(LIVES)

coverage: bootstrap-test build ## Measure what the tests cover, in both languages
	@scripts/coverage

wheel: build ## Build a wheel that stands alone, into wheelhouse/, and prove that it does
	@scripts/build-wheels "$$(scripts/find-python)"

wheels: build ## Build and prove a wheel for every installed CPython from 3.10 to 3.14, and the source distribution
	@scripts/build-wheels $$(scripts/find-versions | cut -d ' ' -f 2)
	@$(MAKE) --no-print-directory sdist

sdist: build ## Build the source distribution, into dist/, and prove that it builds in an empty environment
	@scripts/build-sdist "$$(scripts/find-python)"
	@$(VENV)/bin/twine check --strict dist/*.tar.gz

clean: ## Remove everything that was built, and .venv
	@rm -rf build wheelhouse dist $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.tools: pyproject.toml scripts/make-venv scripts/requirements
	@scripts/make-venv "$$(scripts/find-python)" $(VENV) dev
	@touch $@

$(VENV)/.package: $(VENV)/.tools pyproject.toml scripts/install-package $(PACKAGE_SOURCES)
	@scripts/install-package $(VENV)
	@touch $@

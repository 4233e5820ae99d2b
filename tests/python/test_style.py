"""The house style, as a test that fails and names the replacement.

A rule is a function of a path and the lines of the file; it yields (line number, message). Every rule is proven able to
fail by the bad snippets at the end.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

import pytest
from program_strings import program_strings
from python_floors import floor_of, imports_of, module_of, parsed, part_of, private_uses_of

__all__: list[str] = []

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 500
MAX_COLUMNS = 120
MAX_CPP_FUNCTION = 70
MAX_PYTHON_FUNCTION = 60
# Files that a script makes and nobody edits.
MADE = {"python/toolvitals/_noop/__init__.py"}

# Functions of C++ that are longer, each with the reason why it is one.
LONG_FUNCTIONS = {
    ("cpp/ingest/ingest_record_test.cc", "IngestRecordTest, EveryMistakeHasItsReason"): "a table",
    (
        "cpp/snapshot/collect_families_threads_test.cc",
        "CollectFamiliesThreadsTest, SeriesThatStayAreInEverySnapshotWithTheirOwnCounts",
    ): "what threads do around one state reads as one",
    (
        "cpp/snapshot/collect_families_threads_test.cc",
        "CollectFamiliesThreadsTest, FamiliesThatComeAndGoAreNeverMixed",
    ): "what threads do around one state reads as one",
}

Findings = Iterator[tuple[int, str]]
Rule = Callable[[PurePosixPath, list[str]], Findings]

# Packages of one floor of the Python package (python_floors.py) do not know each other.
PYTHON_PACKAGES = {path.parent.name for path in (ROOT / "python/toolvitals").glob("*/__init__.py")}

# Pieces, so that this file does not match itself.
UNFINISHED = ("TO" + "DO", "FIX" + "ME", "HA" + "CK")


def _is_test(path: PurePosixPath) -> bool:
    named = path.stem.startswith(("test_", "fake_")) or path.stem.endswith(("_test", "_benchmark", "_fuzz", "testing"))
    return named or path.parts[0] != "cpp"


def _code(lines: Iterable[str], comment: str) -> Iterator[tuple[int, str]]:
    """The lines without comments and without what string literals hold."""
    for number, line in enumerate(lines, 1):
        bare = re.sub(r'"(?:\\.|[^"\\])*"', '""', line)
        yield number, bare.split(comment)[0]


def _banned(table: dict[str, str], comment: str) -> Rule:
    patterns = [(re.compile(pattern), use) for pattern, use in table.items()]

    def rule(path: PurePosixPath, lines: list[str]) -> Findings:
        for number, code in _code(lines, comment):
            for pattern, use in patterns:
                if found := pattern.search(code):
                    yield number, f"{found.group(0).strip()} is not used here: use {use}"

    return rule


# --- every file


def no_stray_whitespace(path: PurePosixPath, lines: list[str]) -> Findings:
    for number, line in enumerate(lines, 1):
        if "\t" in line and path.name != "Makefile":
            yield number, "a tab: use spaces"
        if line != line.rstrip():
            yield number, "trailing whitespace: remove it"


def short_lines(path: PurePosixPath, lines: list[str]) -> Findings:
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            yield number, f"{len(line)} columns: break the line at {MAX_COLUMNS}"


def short_files(path: PurePosixPath, lines: list[str]) -> Findings:
    if len(lines) > MAX_LINES and str(path) not in MADE:
        yield MAX_LINES, f"{len(lines)} lines: split the file by noun, at most {MAX_LINES} each"


def finished(path: PurePosixPath, lines: list[str]) -> Findings:
    for number, line in enumerate(lines, 1):
        for word in UNFINISHED:
            if re.search(rf"\b{word}\b", line):
                yield number, f"{word}: finish it, or open an issue and say in a sentence what holds today"


def merged(path: PurePosixPath, lines: list[str]) -> Findings:
    for number, line in enumerate(lines, 1):
        if re.match(r"(<{7}|>{7}) ", line):
            yield number, "the mark of a merge: keep what both sides meant, and remove the marks"


# --- C++


def cpp_opens_with_comment(path: PurePosixPath, lines: list[str]) -> Findings:
    if not lines or not lines[0].startswith("// ") or lines[0].startswith("// Floor:"):
        yield 1, "no opening comment: say in the first line what the file is, and behind it which floor it stands on"


def cpp_pragma_once(path: PurePosixPath, lines: list[str]) -> Findings:
    if path.suffix == ".h" and "#pragma once" not in lines:
        yield 1, "no include guard: use #pragma once"


cpp_banned = _banned(
    {
        r"\bstd::endl\b": r"'\n'",
        r"\bstd::regex\b": "a hand-written scan",
        r"\bstd::rand\b|\brand\(\)": "std::mt19937_64 with a seed that is said",
        r"(?<!\w)v?sprintf\s*\(": "absl::StrAppend, or snprintf into a sized buffer",
        r"(?<!\w)(std::)?(strcpy|strcat|gets)\s*\(": "std::string or absl::StrAppend",
        r"\bstd::(system_clock|high_resolution_clock)\b": "base/clock.h",
        r"\bstd::chrono::(system_clock|high_resolution_clock)\b": "base/clock.h",
        r"\busing namespace (?!toolvitals;|\w+(::\w+)*literals\b)": "qualified names or a using-declaration",
        r"\bNULL\b": "nullptr",
        r"\bvolatile\b": "std::atomic with a named order",
    },
    "//",
)

_LINUX_CALL = r"\b(accept4|memfd_create|fallocate|getrandom|pthread_setname_np|SOCK_(CLOEXEC|NONBLOCK))\b"
# What one file alone may do, and tests.
_CPP_RESERVED = {
    # What a library waits for in there cannot be ended, and nobody may be held up by it.
    "cpp/push/pusher.cc": _banned({r"\bdetach\(\)": "a thread that is joined"}, "//"),
    "cpp/base/fork_hooks.cc": _banned({r"\bpthread_atfork\b": "base/fork_hooks.h, whose places have an order"}, "//"),
    # What Linux alone has is in few places, so that a port knows where to go: cmake/ToolvitalsPlatform.cmake.
    "cpp/base/system_calls.cc": _banned({_LINUX_CALL: "base/system_calls.h"}, "//"),
    "cpp/store/file_region.cc": _banned({r"\bF_OFD_": "store/file_region.h"}, "//"),
    "cpp/net/io_loop.cc": _banned({r"\bepoll_": "net/io_loop.h"}, "//"),
}


def cpp_reserved(path: PurePosixPath, lines: list[str]) -> Findings:
    for owner, rule in _CPP_RESERVED.items():
        if str(path) != owner and not _is_test(path):
            yield from rule(path, lines)


# Tests are free to read numbers as a foreign parser would.
_cpp_banned_in_core = _banned(
    {
        r"(?<!\w)(std::)?(strto(d|f|ld)|ato[fil])\s*\(": "std::from_chars, which knows no locale",
        r"\bstd::sto(d|f|ld|i|l|ll|ul|ull)\s*\(": "std::from_chars, which neither throws nor knows a locale",
        r"\bstd::(recursive_|shared_|timed_)?mutex\b": "absl::Mutex, whose locks the compiler checks",
        r"\bstd::(lock_guard|unique_lock|scoped_lock|shared_lock)\b": "absl::MutexLock",
        r"\bstd::condition_variable(_any)?\b": "absl::CondVar or absl::Mutex::Await",
        r"#include <(iostream|sstream|iomanip|fstream|locale)>": "std::to_chars, for streams know locales",
        r"(?<!\w)(std::)?f?printf\s*\(": "an absl::Status that says what failed, or absl::StrAppend",
        r"\bstd::(cout|cerr|clog)\b": "an absl::Status that says what failed",
        r"\bstd::(o|i)?stringstream\b": "absl::StrAppend",
        r"\babsl::(flat|node)_hash_(map|set)\b": "HashMap or HashSet of base/hash_table.h, whole when memory runs out",
    },
    "//",
)


def cpp_banned_in_core(path: PurePosixPath, lines: list[str]) -> Findings:
    if not _is_test(path):
        yield from _cpp_banned_in_core(path, lines)


# Integers have one spelling in every locale. What is floating point can only be told by its looks here.
_FLOATING = re.compile(r"\bstd::to_string\s*\([^)]*(\d\.\d|double|float|seconds|_ms\b|ratio|rate|mean|stddev|value)")


def cpp_no_to_string(path: PurePosixPath, lines: list[str]) -> Findings:
    if _is_test(path):
        return
    for number, code in _code(lines, "//"):
        if _FLOATING.search(code):
            yield number, "std::to_string() of floating point knows locales and rounds: use std::to_chars"


_ATOMIC_CALL = re.compile(
    r"(?:\.|->)(load|store|exchange|fetch_add|fetch_sub|fetch_or|fetch_and|fetch_xor"
    r"|compare_exchange_weak|compare_exchange_strong|test_and_set)\s*\("
)


def cpp_named_memory_order(path: PurePosixPath, lines: list[str]) -> Findings:
    if _is_test(path):
        return
    code = [text for _, text in _code(lines, "//")]
    for index, text in enumerate(code):
        for found in _ATOMIC_CALL.finditer(text):
            arguments = _arguments(code, index, found.end())
            if "memory_order" not in arguments:
                yield index + 1, f"{found.group(1)}() without an order: name its std::memory_order"


def _arguments(code: list[str], index: int, column: int) -> str:
    """What stands between a call's parentheses, over as many lines as it takes."""
    depth, text = 1, ""
    rest = "\n".join([code[index][column:], *code[index + 1 : index + 12]])
    for character in rest:
        depth += (character == "(") - (character == ")")
        if depth == 0:
            break
        text += character
    return text


def cpp_short_functions(path: PurePosixPath, lines: list[str]) -> Findings:
    # As clang-format leaves it: a definition ends with a brace, and the last line above that is indented alike, and
    # says no more than a brace or a directive would, is the first of its signature.
    first: dict[int, int] = {}
    for index, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if not line or line.startswith("#"):
            continue
        if line.strip() != "}":
            first[indent] = index
            continue
        begin = first.get(indent, index)
        signature = " ".join(lines[begin : begin + 8]).split("{")[0]
        if indent > 4 or "(" not in signature or re.match(r"\s*(if|for|while|switch|do|else)\b", signature):
            continue
        length = index - begin + 1
        found = re.search(r"TEST\w*\(([^)]*)\)|([\w~]+)\(|(operator.*?)\(", signature)
        name = next(group for group in found.groups() if group) if found else signature.strip()
        if length > MAX_CPP_FUNCTION and (str(path), name) not in LONG_FUNCTIONS:
            yield begin + 1, f"{name} has {length} lines: split it, at most {MAX_CPP_FUNCTION} each"


# --- Python


def python_future_annotations(path: PurePosixPath, lines: list[str]) -> Findings:
    if path.suffix == ".py" and any(lines) and "from __future__ import annotations" not in lines:
        yield 1, "annotations are evaluated: add `from __future__ import annotations`"


def python_all(path: PurePosixPath, lines: list[str]) -> Findings:
    public = path.name == "__init__.py" or not path.stem.startswith("_")
    said = any(re.match(r"__all__\b", line) for line in lines)
    if path.parts[:2] == ("python", "toolvitals") and public and not said:
        yield 1, "the public names are not said: add `__all__`"


def python_docstring(path: PurePosixPath, lines: list[str]) -> Findings:
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if path.suffix == ".py" and any(lines) and not first.startswith(('"""', 'r"""')):
        yield 1, "no module docstring: open the file with one that says what it is"


def python_short_functions(path: PurePosixPath, lines: list[str]) -> Findings:
    """Lines of functions inside one are theirs: a class that is made anew each time is no long function."""
    functions = [node for node in ast.walk(parsed("\n".join(lines))) if isinstance(node, _FUNCTIONS)]
    for node in functions:
        inner = {
            line for one in ast.walk(node) if one is not node and isinstance(one, _FUNCTIONS) for line in _span(one)
        }
        own = len(set(_span(node)) - inner)
        if own > MAX_PYTHON_FUNCTION:
            yield node.lineno, f"{node.name}() has {own} lines: split it, at most {MAX_PYTHON_FUNCTION}"


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _span(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


_python_banned = _banned(
    {
        r"\btime\.time\(\)|\bimport time as|from time import (.*\W)?time\b": (
            "time.monotonic_ns() or time.perf_counter_ns() for durations, datetime.now(timezone.utc) for instants"
        ),
        r"\bdatetime\.utcnow\(": "datetime.now(timezone.utc)",
        r"\bexcept\s*:": "except with the class that is expected",
        r"\bos\.system\(|\bshell=True": "subprocess.run([...], check=True)",
        r"\beval\(|\bexec\(": "a parser of what is expected",
        r"\bpickle\.loads?\(": "json, for what comes from outside",
        r"from typing import (.*\W)?(List|Dict|Tuple|Set|Optional|Union)\b": "list, dict, tuple, set, X | None, X | Y",
    },
    "#",
)


def python_banned(path: PurePosixPath, lines: list[str]) -> Findings:
    if path.parts[0] == "python":
        yield from _python_banned(path, lines)


_python_hooks = _banned({r"\batexit\.register\(|\bregister_at_fork\(": "_lifecycle.when(), which keeps the order"}, "#")


def python_one_lifecycle(path: PurePosixPath, lines: list[str]) -> Findings:
    if path.parts[:2] == ("python", "toolvitals") and path.name != "_process_hooks.py":
        yield from _python_hooks(path, lines)


def python_no_print(path: PurePosixPath, lines: list[str]) -> Findings:
    if path.parts[:2] != ("python", "toolvitals") or path.parts[2] == "cli":
        return
    for number, code in _code(lines, "#"):
        if re.search(r"(?<![\w.])print\(", code):
            yield number, "print() in a library: use logging.getLogger(__name__)"


def python_no_sleep_in_tests(path: PurePosixPath, lines: list[str]) -> Findings:
    if path.parts[:2] not in {("tests", "python"), ("tests", "property")}:
        return
    for number, code in _code(lines, "#"):
        if found := re.search(r"(?:\btime\.sleep|\basyncio\.sleep)\((?!0\))[^)]*\)", code):
            yield number, f"{found.group(0)} in a test: wait for an event, or inject the clock"


def python_no_program_strings(path: PurePosixPath, lines: list[str]) -> Findings:
    yield from program_strings(str(path), "\n".join(lines))


def python_import_floors(path: PurePosixPath, lines: list[str]) -> Findings:
    if path.parts[:2] != ("python", "toolvitals"):
        return
    here = part_of(module_of(path))
    for found in imports_of("\n".join(lines)):
        there = part_of(found.target if found.module == "toolvitals" else found.module)
        if found.module == "toolvitals" and floor_of(there) < 0:
            there = "__init__"  # A name of the façade.
        if there == here:
            continue
        if floor_of(there) > floor_of(here):
            yield found.line, f"{here} imports upwards from {there}: move the shared part down, or pass it in"
        elif floor_of(there) == floor_of(here) and {here, there} <= PYTHON_PACKAGES:
            yield found.line, f"{here} imports its neighbour {there}: move the shared part down, or pass it in"


def python_private_names(path: PurePosixPath, lines: list[str]) -> Findings:
    if path.parts[:2] == ("python", "toolvitals"):
        for number, name in private_uses_of(module_of(path), "\n".join(lines)):
            yield number, f"{name} is another part's own: give it a public name there, or pass it in"


EVERYWHERE: tuple[Rule, ...] = (no_stray_whitespace, short_lines, short_files, finished, merged)
CPP: tuple[Rule, ...] = (
    cpp_opens_with_comment,
    cpp_pragma_once,
    cpp_banned,
    cpp_banned_in_core,
    cpp_no_to_string,
    cpp_reserved,
    cpp_named_memory_order,
    cpp_short_functions,
)
PYTHON: tuple[Rule, ...] = (
    python_future_annotations,
    python_all,
    python_docstring,
    python_banned,
    python_one_lifecycle,
    python_no_print,
    python_no_sleep_in_tests,
    python_no_program_strings,
    python_import_floors,
    python_private_names,
    python_short_functions,
)


def rules_of(path: PurePosixPath) -> tuple[Rule, ...]:
    """The rules that a file is held to, by its suffix."""
    if path.suffix in {".h", ".cc"}:
        return EVERYWHERE + CPP
    if path.suffix == ".py":
        return EVERYWHERE + PYTHON
    if path.suffix in {".pyi", ".toml", ".cmake", ".sh"} or path.name in {"Makefile", "CMakeLists.txt"}:
        return EVERYWHERE
    if path.suffix == ".md":
        return (finished, merged)
    return ()


def source_files() -> list[PurePosixPath]:
    """What git tracks, and what it would; everything below the known folders where there is no repository."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listing.returncode == 0:
        names = listing.stdout.splitlines()
    else:
        folders = ("cpp", "cmake", "python", "tests", "benchmarks", "scripts", "docs")
        names = [str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*")]
    paths = (PurePosixPath(name) for name in sorted(set(names)))
    return [path for path in paths if rules_of(path) and (ROOT / path).is_file()]


@pytest.mark.parametrize("path", source_files(), ids=str)
def test_house_style(path: PurePosixPath) -> None:
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    found = [f"{path}:{number}: {message}" for rule in rules_of(path) for number, message in rule(path, lines)]
    assert not found, "\n" + "\n".join(found)


BAD = [
    (no_stray_whitespace, "cpp/base/a.cc", "\tint x;", "use spaces"),
    (no_stray_whitespace, "python/a.py", "x = 1  ", "remove it"),
    (short_lines, "cpp/base/a.cc", "x" * 121, "break the line"),
    (short_files, "cpp/base/a.cc", "\n" * 600, "split the file"),
    (finished, "cpp/base/a.cc", "// " + "TO" + "DO: later", "finish it"),
    (merged, "docs/README.md", "<" * 7 + " HEAD", "remove the marks"),
    (cpp_opens_with_comment, "cpp/base/a.cc", "int x;", "first line"),
    (cpp_opens_with_comment, "cpp/base/a.cc", "// Floor: base.", "what the file is"),
    (cpp_pragma_once, "cpp/base/a.h", "// A.", "#pragma once"),
    (cpp_banned, "cpp/base/a.cc", "using namespace std;", "qualified names"),
    (cpp_banned_in_core, "cpp/base/a.cc", "double d = strtod(text, nullptr);", "std::from_chars"),
    (cpp_banned, "cpp/base/a.cc", "out << std::endl;", r"'\n'"),
    (cpp_banned, "cpp/base/a.cc", "sprintf(buffer, format, x);", "absl::StrAppend"),
    (cpp_banned_in_core, "cpp/base/a.cc", "std::mutex m;", "absl::Mutex"),
    (cpp_banned_in_core, "cpp/base/a.cc", "absl::flat_hash_map<int, int> m;", "base/hash_table.h"),
    (cpp_banned_in_core, "cpp/base/a.cc", "#include <iostream>", "std::to_chars"),
    (cpp_banned_in_core, "cpp/base/a.cc", "printf(format);", "absl::Status"),
    (cpp_no_to_string, "cpp/base/a.cc", "out += std::to_string(0.5);", "std::to_chars"),
    (cpp_reserved, "cpp/base/a.cc", "thread.detach();", "joined"),
    (cpp_reserved, "cpp/base/a.cc", "pthread_atfork(nullptr, nullptr, &F);", "base/fork_hooks.h"),
    (cpp_named_memory_order, "cpp/base/a.cc", "word.load();", "std::memory_order"),
    (cpp_named_memory_order, "cpp/base/a.cc", "word->store(1);", "std::memory_order"),
    (cpp_named_memory_order, "cpp/base/a.cc", "word.compare_exchange_weak(a,\n  b);", "std::memory_order"),
    (cpp_short_functions, "cpp/base/a.cc", "void F() {\n" + "  ++x;\n" * 70 + "}", "split it"),
    (cpp_short_functions, "cpp/base/a.cc", "bool F(int a,\n       int b) {\n" + "  ++x;\n" * 70 + "}", "split it"),
    (
        cpp_short_functions,
        "cpp/base/a.h",
        "class A {\n  void F() const {\n" + "    ++x;\n" * 70 + "  }\n};",
        "split it",
    ),
    (python_future_annotations, "python/toolvitals/a.py", "x = 1", "from __future__"),
    (python_all, "python/toolvitals/a.py", "x = 1", "__all__"),
    (python_docstring, "python/toolvitals/a.py", "x = 1", "docstring"),
    (python_short_functions, "tests/a.py", "async def f():\n" + "    x\n" * 60, "split it"),
    (python_banned, "python/toolvitals/a.py", "start = time.time()", "time.monotonic_ns()"),
    (python_banned, "python/toolvitals/a.py", "from typing import Any, Optional", "X | None"),
    (python_one_lifecycle, "python/toolvitals/a.py", "os." + "register_at_fork(after_in_child=f)", "_lifecycle.when()"),
    (python_no_print, "python/toolvitals/a.py", "print(1)", "logging"),
    (python_no_sleep_in_tests, "tests/python/test_a.py", "time." + "sleep(0.5)", "inject the clock"),
    (python_no_program_strings, "tests/a.py", 'P = """\nimport a\nb = 1\na.c(b)\n"""', "a function of a module"),
    (python_no_program_strings, "tests/a.py", 'P = f"import {a}; {b} = 1; c()"', "a function of a module"),
    (python_no_program_strings, "tests/a.py", "exec(cell)", "call a function"),
    (python_import_floors, "python/toolvitals/decorators.py", "from toolvitals.integrations import mcp", "pass it in"),
    (python_import_floors, "python/toolvitals/ipc/a.py", "from toolvitals import prometheus", "imports its neighbour"),
    (python_import_floors, "python/toolvitals/settings.py", "import toolvitals", "imports upwards"),
    (python_private_names, "python/toolvitals/cli/a.py", "from toolvitals.ipc import _sender", "a public name there"),
]


@pytest.mark.parametrize(("rule", "name", "text", "replacement"), BAD)
def test_rule_can_fail_and_names_the_replacement(rule: Rule, name: str, text: str, replacement: str) -> None:
    found = list(rule(PurePosixPath(name), text.splitlines()))
    assert found, f"{rule.__name__} let {text!r} pass"
    assert any(replacement in message for _, message in found)


GOOD = [
    (cpp_named_memory_order, "cpp/base/a.cc", "word.fetch_add(\n    1, std::memory_order_relaxed);"),
    (cpp_named_memory_order, "cpp/base/a.cc", "// word.load() would be too strong"),
    (cpp_short_functions, "cpp/base/a.cc", "void F() {\n" + "  ++x;\n" * 68 + "}"),
    (cpp_short_functions, "cpp/base/a.cc", "constexpr int kMany[] = {\n" + "    1,\n" * 100 + "};"),
    (cpp_banned, "cpp/base/a.cc", "std::snprintf(buffer, sizeof(buffer), format);"),
    (cpp_banned_in_core, "cpp/base/a.cc", '// "std::mutex" is not used here.'),
    (cpp_reserved, "cpp/base/fork_hooks.cc", "pthread_atfork(&A, &B, &C);"),
    (python_short_functions, "tests/a.py", "def f():\n    def g():\n" + "        x\n" * 59),
    (python_banned, "python/toolvitals/a.py", "start = time.perf_counter_ns()"),
    (python_no_sleep_in_tests, "tests/python/test_a.py", "await asyncio.sleep(0)"),
    (python_no_program_strings, "tests/a.py", 'run("import a; a.b()")'),
    (python_import_floors, "python/toolvitals/integrations/a.py", "from toolvitals.decorators import tool"),
    (python_import_floors, "python/toolvitals/testing.py", "from toolvitals import tool"),
    (python_private_names, "python/toolvitals/ipc/a.py", "from toolvitals.ipc import _sender"),
    (python_private_names, "python/toolvitals/ipc/a.py", "from toolvitals import _backend"),
]


@pytest.mark.parametrize(("rule", "name", "text"), GOOD)
def test_rule_lets_good_code_pass(rule: Rule, name: str, text: str) -> None:
    assert not list(rule(PurePosixPath(name), text.splitlines()))


def test_every_rule_is_proven_able_to_fail() -> None:
    assert {rule for rule, *_ in BAD} == set(EVERYWHERE + CPP + PYTHON)

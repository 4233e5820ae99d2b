"""Every page of README, tutorial and how-to does what it says: its blocks are run, one after the other."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest
import room
from blocks import Block, blocks_of
from reader import DATA, ROOT, RUN, read

READER = Path(__file__).with_name("reader.py")
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/tutorial/*.md"), *ROOT.glob("docs/how-to/*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

# What a block may lack to be run; anything else is to be mended in the block.
REASONS = {
    "builds and tests the whole project",
    "names another machine",
    "needs a container",
    "needs Kubernetes",
    "needs nginx",
    "needs systemd",
    "part of a program in C++",
    "the output of a run",
}
MOST_NOT_RUN = 0.25


def read_page(page: Path, in_room: bool) -> None:
    # Not tmp_path, which is too long for a socket's.
    with tempfile.TemporaryDirectory(prefix="tv", dir="/tmp") as folder:
        if not in_room:
            read(page, Path(folder), in_room=False)
            return
        reader = room.command(Path(folder), sys.executable, str(READER), str(page), folder)
        # The reader finds the modules that this process finds; what it starts does not.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        finished = subprocess.run(reader, env=environment, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_a_page_works_as_it_stands(page: Path) -> None:
    read_page(page, room.available())


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_languages_are_known(page: Path) -> None:
    for block in blocks_of(page):
        known = block.language in RUN + DATA or block.not_run is not None
        assert known, f"{page}:{block.line}: say how to run or check {block.language!r}, or why it is not run"


def test_few_blocks_are_not_run() -> None:
    blocks = [block for page in PAGES for block in blocks_of(page) if block.language not in DATA]
    reasons = Counter(block.not_run for block in blocks if block.not_run is not None)
    assert set(reasons) <= REASONS
    assert reasons.total() <= MOST_NOT_RUN * len(blocks), reasons


GOOD = """
```python
# greeting.py
word = "hello"
```

```python
import greeting

print(greeting.word)
```

```sh
export WORD=hello
```

```console
$ test "$WORD" = hello && echo well
well
```

<!-- exits with 3 -->
```sh
exit 3
```

<!-- runs on, listens at 8000 -->
```sh
python -m http.server --bind 127.0.0.1 8000
```

```sh
curl -sf http://127.0.0.1:8000/greeting.py | grep hello
sudo mkdir /run/myapp && test ! -d /run/myapp/x
```

```promql
rate(tool_calls_total[1m])
```
"""


def written(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text)
    return page


# Both ways of reading, where there are both.
ROOMS = [False, True] if room.available() else [False]


@pytest.mark.parametrize("in_room", ROOMS)
def test_a_page_that_works(tmp_path: Path, in_room: bool) -> None:
    read_page(written(tmp_path, GOOD), in_room)


THREAD_THAT_FAILS = """
import threading, time
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
print("on")
time.sleep(60)
"""
BAD = [
    "```python\nimport toolvitals as tv\ntv.no_such_name\n```",
    "```python\nprint(undefined)\n```",
    "```python\nprint()\n```",
    "```python\nimport a_file_that_no_block_is\n```",
    "```sh\nfalse\ntrue\n```",
    "```sh\nfalse | true\n```",
    "```sh\nmkdir /run/nobody/made/this\n```",
    "```sh\npip install 'toolvitals[no-such-extra]'\n```",
    "```console\n$ cat no-such-file\n```",
    "<!-- exits with 3 -->\n```sh\nexit 2\n```",
    "<!-- runs on, listens at 8000 -->\n```sh\ntrue\n```",
    "<!-- runs on -->\n```sh\necho started\n```\n\n```sh\nsleep 0.5\n```",
    f"<!-- runs on -->\n```python\n{THREAD_THAT_FAILS}```",
    "<!-- runs on, listens at 8000 -->\n```sh\npython -m http.server --bind 127.0.0.1 8000\n```\n\n"
    "<!-- alone -->\n```sh\ncurl -sf http://127.0.0.1:8000/\n```",
    "```promql\nrate(tool_calls_total)\n```",
    "```yaml\nscrape_configs: 3\n```",
    "```yaml\ngroups:\n- name: a\n  rules:\n  - alert: b\n    expr: '('\n```",
    "```ini\n[Service\n```",
    "```json\n{\n```",
    "```cpp\nint main() { return x; }\n```",
]


@pytest.mark.parametrize("text", BAD)
def test_a_page_that_does_not_work(tmp_path: Path, text: str) -> None:
    with pytest.raises(AssertionError if "json" not in text and "ini" not in text else Exception):
        read_page(written(tmp_path, text), in_room=False)


# What an ordinary user on a machine of their own meets.
BAD_IN_A_ROOM = [
    "```sh\nmkdir /run/mine\n```",
    "```sh\ntouch /etc/mine\n```",
    "```sh\ncurl -fsS http://127.0.0.1:9109/metrics\n```",
]


@pytest.mark.skipif(not room.available(), reason="this system gives users no namespaces")
@pytest.mark.parametrize("text", BAD_IN_A_ROOM)
def test_a_page_that_no_ordinary_user_can_follow(tmp_path: Path, text: str) -> None:
    with pytest.raises(AssertionError, match=r"page\.md:"):
        read_page(written(tmp_path, text), in_room=True)


@pytest.mark.parametrize(
    "text", ["<!-- not run -->\n```sh\n```", "<!-- not run: why -->\n\nNo block.", "<!-- runs on -->"]
)
def test_a_remark_that_is_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="remark"):
        blocks_of(written(tmp_path, text))


def test_blocks_are_found_wherever_they_stand(tmp_path: Path) -> None:
    page = written(
        tmp_path, "1. A list:\n\n   <!-- not run: why -->\n   ```sh\n   true\n   ```\n\n~~~python\n# a.py\n~~~\n"
    )
    assert blocks_of(page) == [Block(4, "sh", "true\n", not_run="why"), Block(8, "python", "# a.py\n")]
    assert [block.file for block in blocks_of(page)] == [None, "a.py"]

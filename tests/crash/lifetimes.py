"""Forks and ends of processes, mixed with all that takes series away, against a plain model: `python -m
tests.crash.lifetimes`."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from tests.crash.lifetimes_model import Definition, Family, Group, Model

__all__ = ["play"]

_REPOSITORY = Path(__file__).resolve().parents[2]
_TTL_S = 0.25
_DEFINITIONS = {
    "alpha": [
        Definition("counter", "k"),
        Definition("histogram", "k"),
        Definition("gauge", "k"),
        Definition("counter", "j"),
        Definition("counter", ""),
        Definition("counter", "k", is_open=True),
    ],
    "beta": [Definition("counter", "k"), Definition("histogram", "")],
    "brief": [Definition("counter", "k", _TTL_S)],
    "free": [
        Definition("counter", "k", is_open=True),
        Definition("histogram", "k", is_open=True),
        Definition("gauge", "k", is_open=True),
        Definition("counter", "j", is_open=True),
    ],
    "fleeting": [Definition("counter", "k", _TTL_S, is_open=True)],
}
# Of an open family's attributes the last two are a number and a bool, which look as these where there are only labels.
_VALUES = ("a", "1", "true")
# How often each is done; what cannot be done at the moment is not.
_WEIGHTS = {
    "record": 40,
    "make": 8,
    "fork": 10,
    "fork_and_take_away": 8,
    "end": 14,
    "remove": 10,
    "clear": 4,
    "define": 10,
    "unregister": 6,
    "register": 4,
    "wait": 2,
    "read": 25,
}
_MAX_PROCESSES = 6


class _Remote:
    """A process at the other end of a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = connection.makefile("r")
        self.token, self.pid = json.loads(self._lines.readline())
        self._pidfd = os.pidfd_open(self.pid)

    def do(self, operation: str, *arguments: Any) -> Any:
        self._connection.sendall((json.dumps([operation, *arguments]) + "\n").encode())
        return json.loads(self._lines.readline())

    def end(self, by_signal: bool) -> None:
        """Until the kernel has let go of all that it held."""
        if by_signal:
            os.kill(self.pid, signal.SIGKILL)
        else:
            self._connection.sendall(b'["end"]\n')
        select.select([self._pidfd], [], [], 60)
        self.close()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.close()

    def close(self) -> None:
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        self._lines.close()
        self._connection.close()


class _Play:
    def __init__(self, seed: int, has_directory: bool, folder: Path) -> None:
        self.random = random.Random(seed)
        self.model = Model(has_directory)
        self.remotes: dict[str, _Remote] = {}
        self.story: list[str] = []
        self._folder = folder
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / "socket"))
        self._listening.listen()
        self._listening.settimeout(60)
        self._roots: list[subprocess.Popen[bytes]] = []
        self._tokens = 0
        self._amount = 0.0
        for _ in range(2 if has_directory else 1):
            self._begin()
        self._base = self._read(next(iter(self.remotes.values())))[1]

    def _begin(self) -> None:
        environment = dict(os.environ)
        if self.model.has_directory:
            environment["TOOLVITALS_DIR"] = str(self._folder / "run")
        token = self._token()
        command = [sys.executable, "-m", "tests.crash.lifetimes_process", str(self._folder / "socket"), token]
        self._roots.append(subprocess.Popen(command, cwd=_REPOSITORY, env=environment))
        self.model.begin(token)
        self._accept()

    def _token(self) -> str:
        self._tokens += 1
        return f"p{self._tokens}"

    def _accept(self) -> None:
        remote = _Remote(self._listening.accept()[0])
        self.remotes[remote.token] = remote

    def close(self) -> None:
        for remote in self.remotes.values():
            remote.kill()
        for root in self._roots:
            root.kill()
            root.wait()
        self._listening.close()

    def run(self, steps: int) -> None:
        names, weights = list(_WEIGHTS), list(_WEIGHTS.values())
        for _ in range(steps):
            (name,) = self.random.choices(names, weights)
            getattr(self, f"_do_{name}")()
        self._do_read()
        self._end_all()

    def _say(self, token: str, *words: Any) -> None:
        self.story.append(" ".join(map(str, [token, *words])))

    def _somebody(self) -> str:
        return self.random.choice(sorted(self.remotes))

    def _a_family(self, is_registered: bool = True, is_labelled: bool = False) -> tuple[str, str, Family] | None:
        found = [
            (token, name, family)
            for token, process in sorted(self.model.live.items())
            for name, family in sorted(process.families.items())
            if family.is_registered == is_registered and (family.definition.label or not is_labelled)
        ]
        return self.random.choice(found) if found else None

    def _do_define(self) -> None:
        token, name = self._somebody(), self.random.choice(list(_DEFINITIONS))
        known = self.model.live[token].families.get(name)
        if known is not None and known.is_registered:
            return
        definition = self.random.choice(_DEFINITIONS[name])
        self._say(token, "defines", name, definition)
        self.remotes[token].do("define", name, *dataclasses.astuple(definition))
        self.model.define(token, name, definition)

    def _do_record(self) -> None:
        if (found := self._a_family()) is None:
            return
        token, name, family = found
        value = self.random.choice(_VALUES) if family.definition.label else ""
        # A gauge never has the value that it had before, which others could not tell from one that was not set.
        self._amount += 1
        amount = self._amount if family.definition.kind == "gauge" else self.random.randint(1, 3)
        self._say(token, "records", amount, "into", name, value)
        begun = time.monotonic()
        self.remotes[token].do("record", name, value, family.definition.kind, amount)
        self.model.record(token, name, value, amount, (begun, time.monotonic()))

    def _do_make(self) -> None:
        found = self._a_family(is_labelled=True)
        if found is None or found[2].definition.ttl_s:
            return
        token, name, _ = found
        value = self.random.choice(_VALUES)
        self._say(token, "makes", name, value)
        self.remotes[token].do("make", name, value)
        self.model.make(token, name, value)

    def _do_fork(self, then: tuple[list[Any], ...] = (), parent: str = "") -> None:
        if len(self.remotes) >= _MAX_PROCESSES:
            return
        # Now and then a fork takes in what has ended; so that it is known when, a scrape does before each.
        self._do_read()
        parent, token = parent or self._somebody(), self._token()
        self._say(parent, "forks", token, *then)
        self.remotes[parent].do("fork", token, then)
        self._accept()
        self.model.fork(parent, token)

    def _do_fork_and_take_away(self) -> None:
        """The parent goes on before its child is there."""
        found = self._a_family()
        if found is None or len(self.remotes) >= _MAX_PROCESSES:
            return
        token, name, family = found
        value = self.random.choice(_VALUES)
        if family.definition.label and self.random.random() < 0.7:
            self._do_fork((["remove", name, value],), token)
            self.model.remove(token, name, value)
        elif family.is_own or not self.model.has_directory:
            # Who was forked with it asks who else shows it, and does not see a child that is not there yet.
            self._do_fork((["unregister", name],), token)
            self.model.unregister(token, name)

    def _do_end(self) -> None:
        token = self._somebody()
        if len(self.remotes) == 1 or (not self.model.has_directory and token == self.model.founder):
            return
        by_signal = self.random.random() < 0.5
        self._say(token, "is killed" if by_signal else "ends")
        self.remotes.pop(token).end(by_signal)
        self.model.end(token)

    def _do_remove(self) -> None:
        if (found := self._a_family(is_labelled=True)) is None:
            return
        token, name, family = found
        value = self.random.choice(_VALUES)
        self._say(token, "removes", name, value)
        if self.random.random() < 0.5:
            self.remotes[token].do("remove", name, value)
        else:
            self.remotes[token].do("remove_by_labels", name, family.definition.label, value)
        self.model.remove(token, name, value)

    def _do_clear(self) -> None:
        if (found := self._a_family(is_labelled=True)) is None:
            return
        token, name, _ = found
        self._say(token, "clears", name)
        self.remotes[token].do("clear", name)
        self.model.clear(token, name)

    def _do_unregister(self) -> None:
        if (found := self._a_family()) is None:
            return
        token, name, _ = found
        self._say(token, "unregisters", name)
        self.remotes[token].do("unregister", name)
        self.model.unregister(token, name)

    def _do_register(self) -> None:
        if (found := self._a_family(is_registered=False)) is None:
            return
        token, name, _ = found
        self._say(token, "registers", name, "again")
        self.remotes[token].do("register", name)
        self.model.register(token, name)

    def _do_wait(self) -> None:
        self._say("all", "wait")
        time.sleep(_TTL_S)

    def _do_read(self) -> None:
        token = self._somebody() if self.model.has_directory else self.model.founder
        self._say(token, "reads")
        begun = time.monotonic()
        seen, _ = self._read(self.remotes[token])
        now = (begun, time.monotonic())
        self.model.take_in()
        wanted = self.model.shown()
        for name in _DEFINITIONS:
            if name not in wanted:
                assert name not in seen, f"{name} is shown: {seen[name]}"
                continue
            problems = [_problem(seen.get(name), *candidate, now) for candidate in wanted[name]]
            assert not all(problems), f"{name}: {problems}"

    @staticmethod
    def _read(remote: _Remote) -> tuple[dict[str, tuple[str, dict[tuple[str, str], float]]], float]:
        """The families by name: the type, and the values by label. And how many series there are."""
        text = remote.do("read")
        seen: dict[str, tuple[str, dict[tuple[str, str], float]]] = {}
        series = 0.0
        for metric in text_string_to_metric_families(text):
            if metric.name == "toolvitals_series":
                series = metric.samples[0].value
            if metric.name not in _DEFINITIONS:
                continue
            assert metric.name not in seen, f"{metric.name} is there twice"
            counted = {"counter": "_total", "gauge": "", "histogram": "_count"}[metric.type]
            values = {}
            for sample in metric.samples:
                if sample.name == metric.name + counted:
                    label = next(iter(sample.labels.items()), ("", ""))
                    assert label not in values, f"{metric.name} has {label} twice"
                    values[label] = sample.value
            seen[metric.name] = (metric.type, values)
        return seen, series

    def _end_all(self) -> None:
        """Of what is left in the end nothing counts against a budget that is not shown."""
        last = self.model.founder if not self.model.has_directory else self._somebody()
        for token in [token for token in self.remotes if token != last]:
            self.remotes.pop(token).end(by_signal=True)
            self.model.end(token)
        self._do_read()
        self._do_wait()
        # One more that ends, so that what is there is written anew.
        self._do_fork(parent=last)
        child = next(token for token in self.remotes if token != last)
        self.remotes.pop(child).end(by_signal=True)
        self.model.end(child)
        self._do_read()
        series = self._read(self.remotes[last])[1] - self._base
        least, most = self._counted(last)
        assert least <= series <= most, f"{series} series count, and not {least} to {most}"

    def _counted(self, last: str) -> tuple[int, int]:
        least = most = 0
        for family in self.model.live[last].families.values():
            most += len(family.known)
            least += 0 if family.definition.ttl_s else len(family.known)
        for (_, definition), group in self.model.retired.items():
            most += 0 if definition.ttl_s else len(group)
            least += 0 if definition.ttl_s else len(group)
        # What is hidden is of one family that the last one hides, too, and of those that nobody has any more. Who
        # removes series of a name may have removed some of these.
        for (_, definition), group in self.model.hidden.items():
            most += 0 if definition.ttl_s else 2 * len(group)
        # What the one who ends last had at the beginning is there with the others' by now, in a directory.
        return least, most


def _problem(
    seen: tuple[str, dict[tuple[str, str], float]] | None,
    definition: Definition,
    group: Group,
    now: tuple[float, float],
) -> str:
    """What is wrong with a family where it has to be that one; empty: nothing. One without series is not shown."""
    kind, values = seen or (definition.kind, {})
    if kind != definition.kind:
        return f"it is a {kind}, not a {definition.kind}"
    left = dict(values)
    for value, rows in group.items():
        label = (definition.label, value) if definition.label else ("", "")
        found = left.pop(label, None)
        ttl_s = definition.ttl_s
        if found is None:
            if any(not row.may_be_expired(ttl_s, now) for row in rows):
                return f"{label} is missing, of {rows}"
            continue
        if all(row.is_surely_expired(ttl_s, now) for row in rows):
            return f"{label} has expired and is shown"
        low = sum(row.low for row in rows if not row.may_be_expired(ttl_s, now))
        if not low <= found <= sum(row.high for row in rows):
            return f"{label} is {found}, of {rows}"
    return f"{left} is shown" if left else ""


def play(seed: int, has_directory: bool, steps: int) -> list[str]:
    """Plays so many steps; what was done. AssertionError, with all of it, where something else is shown than should
    be."""
    with tempfile.TemporaryDirectory(dir="/dev/shm", ignore_cleanup_errors=True) as folder:
        played = _Play(seed, has_directory, Path(folder))
        try:
            played.run(steps)
        except AssertionError as error:
            story = "\n  ".join(played.story)
            raise AssertionError(
                f"seed {seed}, {'with' if has_directory else 'without'} a directory: {error}\n  {story}"
            ) from error
        finally:
            played.close()
    return played.story


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.lifetimes", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--directory", type=int, choices=(0, 1), help="only with one, or only without")
    arguments = parser.parse_args()
    kinds = (False, True) if arguments.directory is None else (bool(arguments.directory),)
    stories = [
        play(seed, has_directory, arguments.steps)
        for seed in range(arguments.seed, arguments.seed + arguments.seeds)
        for has_directory in kinds
    ]
    print(f"{len(stories)} services lived through {sum(map(len, stories))} steps as the model says.")


if __name__ == "__main__":
    main()

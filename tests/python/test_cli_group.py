"""cli/__init__.py and cli/group.py: the list of commands, and what is said where the extra is not installed."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from child import result_of, run
from click.testing import CliRunner
from programs import imports

import toolvitals as tv
from toolvitals.cli.group import COMMANDS, toolvitals


def test_help_lists_every_command() -> None:
    result = CliRunner().invoke(toolvitals, ["--help"])
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    for name, place in COMMANDS.items():
        assert f" {name} {place.help}" in words


def test_the_version_is_the_package_s() -> None:
    result = CliRunner().invoke(toolvitals, ["--version"])
    assert result.output == f"toolvitals, version {tv.__version__}\n"


def test_help_imports_none_of_the_commands() -> None:
    assert result_of(imports.ask_the_command_for_help) == []


@pytest.mark.parametrize("module", ["toolvitals", "toolvitals.cli"])
def test_the_module_is_the_command(module: str) -> None:
    command = [sys.executable, "-m", module, "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("toolvitals, version ")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_list_says_what_the_command_says_of_itself(name: str) -> None:
    command = toolvitals.get_command(click.Context(toolvitals), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(limit=200).rstrip(".") == COMMANDS[name].help.rstrip(".")


@pytest.mark.parametrize(
    "arguments",
    [
        ["doctor", "--hanging-after", "nan"],
        ["doctor", "--hanging-after", "inf"],
        ["top", "--interval", "nan"],
        ["snapshot", "--timeout", "nan"],
        ["snapshot", "--dir", "/tmp/\udcff"],
        ["serve", "--dir", "/tmp/\udcff"],
        ["serve", "--socket", "/tmp/\udcff"],
        ["serve", "--datagram-socket", "/tmp/\udcff"],
    ],
    ids=lambda arguments: ascii(" ".join(arguments)),
)
def test_a_value_that_is_none_is_a_usage_error(arguments: list[str]) -> None:
    result = CliRunner().invoke(toolvitals, arguments)
    assert result.exit_code == 2
    assert f"Invalid value for '{arguments[1]}'" in result.output


def test_a_folder_of_the_environment_that_is_no_text_is_a_usage_error() -> None:
    result = CliRunner(env={"TOOLVITALS_DIR": "/tmp/\udcff"}).invoke(toolvitals, ["snapshot"])
    assert result.exit_code == 2
    assert r"/tmp/\udcff is not UTF-8" in result.output


def test_an_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(toolvitals, ["no-such-command"])
    assert result.exit_code == 2
    assert "no-such-command" in result.output


def test_without_click_a_sentence_says_what_to_install() -> None:
    finished = run(imports.run_the_command_without, "click", "--help", check=False)
    assert finished.returncode == 2
    assert finished.stderr == "This command needs the package click: install toolvitals[cli]\n"


def test_without_rich_a_command_that_needs_it_says_what_to_install() -> None:
    finished = run(imports.run_the_command_without, "rich", "top", "--once", check=False)
    assert finished.returncode == 2
    assert "`top` needs the package rich: install toolvitals[cli]" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_what_is_missing_and_not_of_the_extra_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "doctor", COMMANDS["doctor"]._replace(module="toolvitals.cli.no_such_module"))
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        toolvitals.get_command(click.Context(toolvitals), "doctor")

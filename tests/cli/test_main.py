"""The command line: exit codes 0, 1, 2; errors in one line; help of every command."""

import os
import signal
import subprocess
import sys
import warnings
from typing import Any

import click
import pytest

from chainrule import cli
from chainrule.cli.recipes import RECIPES
from chainrule.errors import ChainruleWarning, DataError, DownloadError

COMMANDS = sorted(cli.commands.commands)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in this process; gives exit code, output and errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            cli.main(arguments)
        output, errors = capsys.readouterr()
        return int(end.value.code or 0), output, errors

    return call


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("command", [[], *([each] for each in COMMANDS)])
def test_every_command_has_help(run: Any, command: list[str], option: str) -> None:
    code, output, errors = run(*command, option)
    assert (code, errors) == (0, "")
    called = " ".join(["chainrule", *command])
    assert output.startswith(f"Usage: {called} ")
    assert f" {called} " in output.partition("\n")[2].replace("\n", " ")  # in an example


def test_help_lists_all_commands_and_data_sets(run: Any) -> None:
    _, output, _ = run("--help")
    listed = output.partition("Commands:\n")[2]
    for name in COMMANDS:
        text = cli.commands.commands[name].get_short_help_str(200)
        assert f"\n  {name} " in f"\n{listed}"
        assert text[0].isupper()
    _, output, _ = run("train", "--help")
    listed = [
        line.split()[0]
        for line in output.splitlines()
        if line.startswith("  ") and "  " in line[3:]
    ]
    assert [name for name in listed if not name.startswith("-")][: len(RECIPES)] == list(RECIPES)


def test_the_version_is_that_of_the_package(run: Any) -> None:
    code, output, _ = run("--version")
    assert code == 0
    assert output.startswith("chainrule 0.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing command"),
        (["bogus"], "No such command 'bogus'"),
        (["train"], "Missing argument 'NAME'"),
        (["train", "nope"], "no data set 'nope'; there are digits, xor, moons, mnist"),
        (["train", "table.csv"], "'table.csv': no such file"),
        (["train", "."], "is a folder; this command trains on one file"),
        (["train", "digits", "more"], "unexpected extra argument"),
        (["train", "digits", "--epochs", "0"], "'--epochs': 0 is not in the range x>=1"),
        (["train", "digits", "--epochs", "few"], "'--epochs': 'few' is not a valid"),
        (["train", "digits", "--batch-size", "-1"], "'--batch-size': -1 is not in the range"),
        (["train", "digits", "--seed", "-1"], "'--seed': -1 is not in the range"),
        (["train", "digits", "--target", "price"], "--target and --drop are for CSV files"),
        (["doctor", "who"], "unexpected extra argument"),
    ],
)
def test_a_usage_error_exits_with_2_and_one_line(
    run: Any, arguments: list[str], message: str
) -> None:
    code, output, errors = run(*arguments)
    assert (code, output) == (2, "")
    assert errors.startswith("chainrule: error: ")
    assert errors.count("\n") == 1
    assert message in errors
    asked = " ".join(["chainrule", *arguments[:1]]) if arguments[:1] != ["bogus"] else "chainrule"
    assert f"(see: {asked} --help)" in errors


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (DataError("X holds\n  NaN"), "X holds NaN"),
        (DownloadError("no network"), "no network"),
        (FileNotFoundError(2, "No such file", "here/it"), "here/it: No such file"),
        (ImportError("run: pip install 'chainrule[sklearn]'"), "pip install 'chainrule[sklearn]'"),
        (MemoryError(), "out of memory"),
        (KeyboardInterrupt(), "interrupted"),
        (click.Abort(), "interrupted"),
    ],
)
def test_a_failure_exits_with_1_or_130_and_one_line(
    run: Any, monkeypatch: pytest.MonkeyPatch, error: BaseException, message: str
) -> None:
    def fail(**_: Any) -> None:
        raise error

    monkeypatch.setattr(cli.commands.commands["doctor"], "callback", fail)
    code, output, errors = run("doctor")
    assert (code, output) == (130 if message == "interrupted" else 1, "")
    assert errors.strip().startswith("chainrule: error: ")  # click ends the line of a ^C
    assert errors.strip().count("\n") == 0
    assert message in errors


def test_a_warning_takes_one_line(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def warn(**_: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("X is not\nscaled", ChainruleWarning, stacklevel=1)

    monkeypatch.setattr(cli.commands.commands["doctor"], "callback", warn)
    assert run("doctor") == (0, "", "chainrule: warning: X is not scaled\n")


def test_the_module_runs_on_a_terminal_limited_to_ascii() -> None:
    surroundings = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "chainrule", "train", "xor", "--epochs", "2"]
    child = subprocess.run(command, capture_output=True, text=True, env=surroundings, timeout=600)
    assert (child.returncode, child.stderr) == (0, "")
    assert "test accuracy" in child.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_control_c_ends_training_without_a_traceback() -> None:
    # A background job ignores SIGINT and hands that on: the child restores its own handler.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from chainrule.cli import main; main()"
    )
    command = [sys.executable, "-c", program, "train", "digits", "--epochs", "2000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        while "epoch" not in child.stdout.readline():
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=600)
    assert (child.returncode, errors.strip()) == (130, "chainrule: error: interrupted")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_a_closed_pipe_prints_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "chainrule", "doctor"]
    child = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=600)
    os.close(writer)
    assert (child.returncode, child.stderr) == (1, "")

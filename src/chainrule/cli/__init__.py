"""The command line: ``chainrule``, or ``python -m chainrule``.

Exit codes: 0, success; 1, failure (an unreadable file, a problem that ``doctor`` found); 2, a usage
error; 130, an interruption by Ctrl-C; 143, termination by SIGTERM.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress

import click

from chainrule.cli.advice import in_options
from chainrule.cli.exit_codes import INTERRUPTED
from chainrule.cli.late_commands import Entry, LateGroup, late_commands
from chainrule.console import ERRORS
from chainrule.errors import ChainruleError
from chainrule.train.fit.termination import TERMINATED, ends_on_termination

__all__ = ["commands", "main"]


def _train() -> click.Command:
    from chainrule.cli.train import train

    return train


def _resume() -> click.Command:
    from chainrule.cli.resume import resume_with

    return resume_with(_train())


def _evaluate() -> click.Command:
    from chainrule.cli.evaluate import evaluate

    return evaluate


def _predict() -> click.Command:
    from chainrule.cli.predict import predict

    return predict


def _sweep() -> click.Command:
    from chainrule.cli.sweep import sweep

    return sweep


def _convert() -> click.Command:
    from chainrule.cli.convert import convert

    return convert


def _explain() -> click.Command:
    from chainrule.cli.explain import explain

    return explain


def _inspect() -> click.Command:
    from chainrule.cli.inspection import inspect

    return inspect


def _bench() -> click.Command:
    from chainrule.cli.bench import bench

    return bench


def _doctor() -> click.Command:
    from chainrule.cli.doctor import doctor

    return doctor


def _completion() -> click.Command:
    from chainrule.cli.completion import completion

    return completion


ENTRIES = {
    "train": Entry("Train a network on a data set or a CSV file.", _train),
    "resume": Entry("Go on with a training that was interrupted.", _resume),
    "evaluate": Entry("Measure a trained network on samples with known answers.", _evaluate),
    "predict": Entry("Write the predictions of a trained network for a CSV file.", _predict),
    "sweep": Entry("Train networks of many settings side by side, and compare them.", _sweep),
    "convert": Entry("Write a model in another format: safetensors, ONNX, NumPy.", _convert),
    "explain": Entry("Print the equations of a network and of its gradient.", _explain),
    "inspect": Entry("Show what is in a file: a model, a run, arrays, a table.", _inspect),
    "bench": Entry("Measure the speed of training on this machine.", _bench),
    "doctor": Entry("Check the installation.", _doctor),
    "completion": Entry("Print what makes a shell complete words by the tab key.", _completion),
}  # fmt: skip


@click.group(
    "chainrule",
    cls=LateGroup,
    commands=late_commands(ENTRIES),
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=False,
)
@click.version_option(package_name="chainrule", message="%(prog)s %(version)s")
def commands() -> None:
    """Neural networks from first principles: plain NumPy in, derivatives out.

    \b
    A network for the column "species" of a table, and its predictions:
      chainrule train flowers.csv --target species --out flowers/
      chainrule predict flowers/ new.csv --out predicted.csv

    Every command explains itself: chainrule predict --help
    """  # noqa: D301 (\b keeps click from rewrapping the lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit; errors take one line and show no traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=ERRORS)  # a terminal without × or Σ shows x and sum
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        with ends_on_termination():
            code = _run(arguments)
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    """Run a command and return its exit code."""
    try:
        code = commands.main(arguments, prog_name="chainrule", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "chainrule"
        return _fail(f"{error.format_message()} (see: {path} --help)", error.exit_code)
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted", INTERRUPTED)
    except SystemExit as error:
        if error.code != TERMINATED:
            raise
        return _fail("terminated", TERMINATED)
    except BrokenPipeError:
        _discard_output()
        return 1
    except OSError as error:
        message = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        return _fail(message)
    except MemoryError:
        return _fail("out of memory; try a smaller --batch-size")
    except (ChainruleError, ImportError) as error:
        return _fail(str(error))
    return code if isinstance(code, int) else 0


def _discard_output() -> None:
    """Discard what is still to be written where the reader has closed the pipe (`| head`)."""
    with suppress(OSError, ValueError):  # the flush at exit must not fail either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int = 1) -> int:
    click.echo(f"chainrule: error: {in_options(' '.join(message.split()))}", err=True)
    return code


def _show_warning(message: Warning | str, *_: object) -> None:
    click.echo(f"chainrule: warning: {in_options(' '.join(str(message).split()))}", err=True)

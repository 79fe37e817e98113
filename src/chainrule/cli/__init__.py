"""The command line: ``chainrule``, or ``python -m chainrule``.

Exit codes: 0, success; 1, failure (an unreadable file, an interruption, a problem that ``doctor``
found); 2, a usage error; 143, termination by SIGTERM.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Sequence

import click

from chainrule.cli import bench, doctor, explain, train
from chainrule.cli.advice import in_options
from chainrule.cli.resume import resume_with
from chainrule.console import ERRORS
from chainrule.errors import ChainruleError
from chainrule.train.fit.termination import TERMINATED, ends_on_termination

__all__ = ["commands", "main"]


@click.group(
    "chainrule", context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False
)
@click.version_option(package_name="chainrule", message="%(prog)s %(version)s")
def commands() -> None:
    """Neural networks from first principles: plain NumPy in, derivatives out."""


commands.add_command(train.train)
commands.add_command(resume_with(train.train))
commands.add_command(explain.explain)
commands.add_command(doctor.doctor)
commands.add_command(bench.bench)


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
        return _fail("interrupted")
    except SystemExit as error:
        if error.code != TERMINATED:
            raise
        return _fail("terminated", TERMINATED)
    except BrokenPipeError:
        # The reader closed the pipe (`| head`); the flush at exit must not fail either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        message = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        return _fail(message)
    except MemoryError:
        return _fail("out of memory; try a smaller --batch-size")
    except (ChainruleError, ImportError) as error:
        return _fail(str(error))
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int = 1) -> int:
    click.echo(f"chainrule: error: {in_options(' '.join(message.split()))}", err=True)
    return code


def _show_warning(message: Warning | str, *_: object) -> None:
    click.echo(f"chainrule: warning: {in_options(' '.join(str(message).split()))}", err=True)

"""``chainrule resume``: goes on with a ``chainrule train`` that was killed, from its checkpoints.

``train --checkpoint DIR`` writes its arguments into the file ``command.json`` of the folder::

    {"arguments": [text, ...], "folder": the current folder}
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, cast

import click

from chainrule.cli.json_output import json_option
from chainrule.storage import locked_folder, write_atomically
from chainrule.train.callbacks import Callback

__all__ = [
    "RESUMED",
    "RecordedCommand",
    "advises_to_resume",
    "recorded",
    "recorded_command",
    "resume_with",
]

COMMAND = "command.json"
RESUMED = "resumed"
"""The entry of `click.Context.meta` of a command that goes on, and whose arguments are kept."""


class RecordedCommand(Callback):
    """Writes the arguments of ``chainrule train`` into the folder of its checkpoints.

    That is done when the training begins: a command that is refused, as its data are not those of
    the run, or as another process trains there, leaves the file of the run as it is. Of a command
    that goes on the arguments are kept: those given are None.
    """

    def __init__(self, folder: Path, arguments: Sequence[str] | None) -> None:
        self.folder = folder
        self._arguments = None if arguments is None else list(arguments)

    def on_fit_start(self, net: Any) -> None:
        """Write the file."""
        if self._arguments is not None:
            text = json.dumps({"arguments": self._arguments, "folder": os.getcwd()})
            write_atomically(self.folder / COMMAND, text.encode())


def recorded(folder: Path | None, arguments: Sequence[str] | None) -> RecordedCommand | None:
    """Return what records a command, if it has a folder, which no other process may be using."""
    if folder is None:
        return None
    folder = folder.expanduser()
    with locked_folder(folder):  # refused before the data are loaded
        return RecordedCommand(folder, arguments)


@contextlib.contextmanager
def advises_to_resume(command: RecordedCommand | None) -> Generator[None]:
    """Say how an interrupted training goes on."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if command is not None and (command.folder / COMMAND).is_file():
            folder = shlex.quote(str(command.folder))
            click.echo(f"\nto go on from the last checkpoint: chainrule resume {folder}", err=True)
        raise


def recorded_command(folder: Path) -> tuple[list[str], str]:
    """Return the arguments and the current folder that `RecordedCommand` has written."""
    path = folder / COMMAND
    if not path.is_file():
        raise click.UsageError(
            f"{folder} has no {COMMAND}, which chainrule train NAME --checkpoint DIR writes; a "
            "training of your own goes on if its program is run again"
        )
    try:
        entry: Any = json.loads(path.read_text(encoding="utf-8"))
        arguments, current = cast(list[str], entry["arguments"]), entry["folder"]
        if not all(type(each) is str for each in (*arguments, current)):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        raise click.UsageError(f"{path} does not hold the arguments of a command") from None
    return arguments, current


def resume_with(train: click.Command) -> click.Command:
    """Return the command ``resume``, which calls ``train`` with the arguments of a run."""

    @click.command("resume")
    @click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
    @json_option
    def resume(run: Path, is_json: bool) -> Any:
        """Go on with a training that was interrupted, from its checkpoints.

        RUN is the folder of chainrule train NAME --checkpoint RUN, which has the other arguments.
        The result is that of the uninterrupted training, bit for bit.

        \b
          chainrule train digits --epochs 1000 --checkpoint run/     (Ctrl-C, or a power failure)
          chainrule resume run/
        """  # noqa: D301 (\b keeps click from rewrapping the lines)
        arguments, current = recorded_command(run)
        folder = run.expanduser().absolute()
        there = contextlib.chdir(current) if os.path.isdir(current) else contextlib.nullcontext()
        arguments = [*arguments, "--checkpoint", str(folder), *(["--json"] if is_json else [])]
        around = click.get_current_context().parent
        click.get_current_context().meta[RESUMED] = True
        with there, train.make_context("train", arguments, parent=around) as context:
            return train.invoke(context)

    return resume

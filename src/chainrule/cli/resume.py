"""``chainrule resume``: goes on with a ``chainrule train`` that was killed, from its checkpoints.

``train --checkpoint DIR`` writes its arguments into the file ``command.json`` of the folder::

    {"arguments": [text, ...], "folder": the current folder}
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any, cast

import click

from chainrule.cli.json_output import json_option
from chainrule.storage import write_atomically

__all__ = ["RESUMED", "record_command", "recorded_command", "resume_with"]

COMMAND = "command.json"
RESUMED = "resumed"
"""The entry of `click.Context.meta` of a command that goes on, and whose arguments are kept."""


def record_command(folder: Path, arguments: list[str]) -> None:
    """Write the arguments of ``chainrule train`` into the folder of its checkpoints."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"arguments": arguments, "folder": os.getcwd()})
    write_atomically(folder / COMMAND, text.encode())


def recorded_command(folder: Path) -> tuple[list[str], str]:
    """Return the arguments and the current folder that `record_command` has written."""
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

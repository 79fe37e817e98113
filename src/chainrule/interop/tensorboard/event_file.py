"""An event file of TensorBoard, which grows by records."""

from __future__ import annotations

import itertools
import os
import socket
import time
from pathlib import Path

from chainrule.interop.tensorboard.messages import event, first_event, session_start
from chainrule.interop.tensorboard.records import record
from chainrule.storage import append, create_folder

__all__ = ["EventFile", "EventFiles"]

_numbers = itertools.count()


class EventFile:
    """A file of events in a folder, created when the first is added.

    Parameters
    ----------
    folder : path
        The folder; created where absent.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path: Path | None = None
        self._owner, self._started = 0, 0

    def start(self, step: int) -> None:
        """Say once that a session begins at a step.

        Readers leave out what earlier files have from that step on, such as the epochs after the
        checkpoint that a run goes on from.
        """
        if self._started != os.getpid():
            self._started = os.getpid()
            self.add_event(session_start(time.time(), step))

    def add(self, *values: bytes, step: int) -> None:
        """Add an event of values at a step."""
        self.add_event(event(time.time(), step, *values))

    def add_event(self, content: bytes) -> None:
        """Add an event."""
        if self._path is None or self._owner != os.getpid():  # a forked process has its own file
            create_folder(self.folder)
            self._owner, now = os.getpid(), time.time()
            host = socket.gethostname() or "localhost"
            # Readers take the files in the order of their names, also those of one second.
            name = f"events.out.tfevents.{now:.6f}.{host}.{self._owner}.{next(_numbers)}"
            self._path = self.folder / name
            content_of_new = record(first_event(now)) + record(content)
            append(self._path, content_of_new)
        else:
            append(self._path, record(content))


class EventFiles:
    """The event files of a folder: one for each run, which is a subfolder, or "" for itself.

    Parameters
    ----------
    folder : path
        The folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, EventFile] = {}

    def __getitem__(self, run: str) -> EventFile:
        return self._files.setdefault(run, EventFile(self._folder / run))

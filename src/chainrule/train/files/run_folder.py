"""The folder of a run: its checkpoints, of which the newest intact one is read.

::

    checkpoint-000000000120.safetensors    after 120 steps; a model file with the entry ``run``
    best.safetensors                       of the best epoch, if that is asked for
    lock                                   while a process trains

    "run": {"start": [epoch, steps],       where the run began
            "settings": {NAME: value},     what a call of ``fit`` must have in common to go on
            "optimizer": text, "code": {NAME: [KIND, DIGEST]},  as they are now, see `fit.run_code`
            "unfinished": value | null,    metrics of the steps of an epoch that is not finished
            "seconds": float,              that it has taken
            "callbacks": [[NAME, value, ...], ...],  what they remember, see `fit.callback_state`
            "best": [value, epoch] | null, of the monitored quantity
            "is_stopped": bool}            whether a callback has ended the training

Arrays of values are tensors called ``run:0`` and so on; values are those of `attribute_values`.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import FormatError, warn
from chainrule.storage import names_in, naming, remove_abandoned_files
from chainrule.train.files.attribute_values import decoded
from chainrule.train.files.network_state import NetworkState
from chainrule.train.files.paths import checked_source
from chainrule.train.files.read import read_file
from chainrule.train.files.save import write
from chainrule.train.files.schema import Description

__all__ = ["BEST", "RunFolder", "SavedRun"]

BEST = "best.safetensors"

_NAME = re.compile(r"checkpoint-([0-9]{12})\.safetensors")


@dataclass(frozen=True)
class SavedRun:
    """A checkpoint that has been read."""

    path: Path
    description: dict[str, Any]
    tensors: dict[str, NDArray[Any]]

    @property
    def run(self) -> dict[str, Any]:
        """The entry ``run``, see above."""
        return self.description["run"]

    def decoded(self) -> tuple[dict[str, Any] | None, list[tuple[str, dict[str, Any], Any]]]:
        """Return the metrics of an unfinished epoch, and what each callback remembers."""
        unread = {name for name in self.tensors if name.startswith("run:")}
        unfinished = decoded(self.run["unfinished"], self.tensors, unread)
        _check_unfinished(unfinished)
        callbacks: list[tuple[str, dict[str, Any], Any]] = []
        for title, *values in self.run["callbacks"]:
            attributes, *state = (decoded(each, self.tensors, unread) for each in values)
            if type(attributes) is not dict or not all(type(each) is str for each in attributes):
                raise FormatError("load: the attributes of a callback are not described by names")
            callbacks.append((title, attributes, state[0] if state else None))
        return unfinished, callbacks

    @property
    def state(self) -> NetworkState:
        """The state of the network."""
        return NetworkState(self.description, self.tensors)


class RunFolder:
    """Checkpoints in a folder; `keep` of the latest ones stay, and the first."""

    def __init__(self, path: Path, keep: int | None = None) -> None:
        self.path, self._keep = path, keep

    def steps(self) -> list[int]:
        """Return the numbers of steps for which there are checkpoints, in ascending order."""
        with naming(self.path, attempt="read this folder"):
            names = names_in(self.path) if self.path.is_dir() else []
        return sorted(int(match[1]) for name in names if (match := _NAME.fullmatch(name)))

    def newest(self, limit: int | None = None) -> SavedRun | None:
        """Read the newest intact checkpoint of at most so many steps; None if there is none.

        Of damaged ones a warning is given; a FormatError is raised where there are no others.
        """
        damaged: list[str] = []
        for saved in self._read(limit, damaged):
            return saved
        if damaged:
            raise FormatError(
                f"fit: none of the checkpoints in {self.path} is intact ({damaged[0]}); remove "
                "the folder to begin anew"
            )
        return None

    def _read(self, limit: int | None, damaged: list[str]) -> Iterator[SavedRun]:
        for steps in reversed(self.steps()):
            if limit is not None and steps > limit:
                continue
            path = self._path(steps)
            try:
                description, tensors = read_file(checked_source(path))
                _check_run(path, description)
            except (FormatError, OSError) as error:
                damaged.append(_damage(error, path))
                warn(f"fit: the checkpoint {path} cannot be read, and the one before is taken: "
                     f"{damaged[-1]}")  # fmt: skip
                continue
            yield SavedRun(path, description, tensors)

    def write(self, steps: int, description: dict[str, Any], tensors: dict[str, Any]) -> None:
        """Write the checkpoint of a number of steps, then remove those no longer kept."""
        with self._saying_what_is_left():
            write(self._path(steps), description, tensors)
        known = self.steps()
        earlier = [each for each in known if each <= steps]
        kept = known[:1] + (earlier if self._keep is None else earlier[-self._keep :])
        # Later ones are damaged: training has come from an earlier one.
        for path in [self._path(each) for each in known if each not in kept]:
            if path.is_symlink() or not path.is_dir():
                with naming(path, attempt="remove this file"):
                    path.unlink(missing_ok=True)

    def write_best(self, description: dict[str, Any], tensors: dict[str, Any]) -> None:
        """Write the network of the best epoch."""
        with self._saying_what_is_left():
            write(self.path / BEST, description, tensors)

    @contextmanager
    def _saying_what_is_left(self) -> Generator[None]:
        """Add to the error of a failed write from which checkpoint the training goes on."""
        try:
            yield
        except OSError as error:
            try:
                newest = self._path(self.steps()[-1]).name
            except (OSError, IndexError):  # the folder is gone
                raise error from None
            reason = f"{error.strerror}; the same call of fit then goes on from {newest}"
            raise OSError(error.errno, reason, error.filename) from error

    def clear(self) -> None:
        """Remove what killed processes have left."""
        remove_abandoned_files(self.path)

    def _path(self, steps: int) -> Path:
        return self.path / f"checkpoint-{steps:012d}.safetensors"


def _damage(error: FormatError | OSError, path: Path) -> str:
    """Return what is wrong with a checkpoint; an error that is none of its own is raised."""
    if isinstance(error, FormatError):
        return str(error).removeprefix("load: ")
    if error.errno in (errno.EIO, errno.EINVAL, errno.EISDIR, errno.ENOENT, errno.ELOOP):
        return str(error.strerror)
    with naming(path, attempt="read this file"):
        raise error


def _check_run(path: Path, description: dict[str, Any]) -> None:
    """Raise a FormatError unless the entry ``run`` has what it must have."""
    if "training" not in description or type(description.get("run")) is not dict:
        raise FormatError(f"load: {path.name} is no checkpoint of a run")
    run = Description(description["run"], "the description of the run")
    run.only(
        "start", "settings", "optimizer", "code", "unfinished", "seconds", "callbacks", "best",
        "is_stopped",
    )  # fmt: skip
    start, best = run.get("start", list), run.get("best", list, type(None))
    run.get("settings", dict)
    run.get("optimizer", str)
    run.get("unfinished", dict, type(None))
    run.get("seconds", float, int)
    run.get("is_stopped", bool)
    are_named = all(
        type(each) is list and len(cast(Any, each)) in (2, 3) and type(cast(Any, each)[0]) is str
        for each in run.get("callbacks", list)
    )
    is_best = best is None or (len(best) == 2 and type(best[0]) in (int, float))
    if not (len(start) == 2 and all(type(each) is int for each in start) and are_named and is_best):
        raise FormatError("load: the description of the run has values of other types")


def _check_unfinished(value: Any) -> None:
    """Raise a FormatError unless a value is what `RunningMetrics.state` returns, or None.

    Of a run on an iterable it also has "stream": samples of the first batch, samples so far, and
    the checksum of the last batch.
    """
    if value is None:
        return
    names = {"totals", "sizes", "gathered"}
    if type(value) is not dict or set(cast(Any, value)) - {"stream"} != names:
        raise FormatError("load: the metrics of the unfinished epoch have other names")
    parts: dict[str, Any] = value
    if not all(type(each) is list for each in parts.values()):
        raise FormatError("load: the metrics of the unfinished epoch are no lists")
    stream = parts.get("stream", [0, 0, 0])
    if len(stream) != 3 or not all(type(each) is int for each in stream):
        raise FormatError("load: the position in the unfinished epoch is not that of a stream")
    numbers = [*parts["totals"], *parts["sizes"]]
    are_numbers = all(type(each) in (int, float) for each in numbers)
    if not (are_numbers and all(isinstance(each, np.ndarray) for each in parts["gathered"])):
        raise FormatError("load: the metrics of the unfinished epoch are no numbers")

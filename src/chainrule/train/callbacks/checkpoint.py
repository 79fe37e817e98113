"""`Checkpoint`: where, and how often, ``fit`` writes what is needed to go on after it is killed."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.checks import bad_argument, checked_count, checked_text
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.storage import expanded
from chainrule.train.callbacks.callback import Callback
from chainrule.train.callbacks.monitor import is_maximized

__all__ = ["Checkpoint", "Interval", "resolve_checkpoint"]

_UNITS = {
    "step": ("steps", 1), "epoch": ("epochs", 1), "s": ("seconds", 1), "sec": ("seconds", 1),
    "second": ("seconds", 1), "min": ("seconds", 60), "minute": ("seconds", 60),
    "h": ("seconds", 3600), "hour": ("seconds", 3600),
}  # fmt: skip


class Interval(NamedTuple):
    """How often a checkpoint is written: a number of steps, epochs or seconds."""

    unit: str
    length: float


@answers_foreign_names(FIT_ALIASES)
class Checkpoint(Callback):
    """A folder in which ``fit`` keeps checkpoints, and from which it continues.

    A call of ``fit`` that finds a checkpoint of the same run there goes on from it, bit for bit as
    if it had not been interrupted, in the middle of an epoch too. Data and settings must be those
    of the run; an iterable is read again up to the step, and refused if other batches come.
    Checkpoints are model files, which `chainrule.load` reads.

    Parameters
    ----------
    folder : str or path
        The folder of the run; created if it does not exist.
    every : str, int or None
        ``"10 min"``, ``"30 s"``, ``"100 steps"`` or ``"2 epochs"``; an integer counts epochs. None
        for as often as takes less than a hundredth of the time, every ten minutes at least.
    keep : int >= 1 or None
        How many of the latest checkpoints are kept, with the first, from which each step can be
        repeated; None for all.
    best : str or None
        A quantity such as ``"val_loss"``: the network of its best epoch is kept in the file
        ``best.safetensors``.

    Raises
    ------
    ArgumentError
        For arguments outside these ranges.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from chainrule import Network, nn
    >>> def train(folder, epochs):
    ...     net = Network([nn.Dense(3, activation="tanh"), nn.Dense(1)], seed=0)
    ...     net.compile(loss="mse", optimizer="adam")
    ...     X = np.linspace(-1, 1, 20)[:, None]
    ...     checkpoint = Checkpoint(folder, every="5 steps")
    ...     return net.fit(X, X**2, epochs=epochs, batch_size=2, checkpoint=checkpoint, verbose=0)
    >>> folder = tempfile.mkdtemp()
    >>> interrupted = train(folder, epochs=2)
    >>> train(folder, epochs=4)["loss"] == train(tempfile.mkdtemp(), epochs=4)["loss"]
    True
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        every: str | int | None = None,
        keep: int | None = 3,
        best: str | None = None,
    ) -> None:
        self.folder = _checked_folder(folder)
        self.every = every
        self.interval = _interval(every)
        self.keep = keep if keep is None else checked_count("Checkpoint", "keep", keep, 1)
        self.best = best
        if best is not None:
            checked_text("Checkpoint", "best", best, "the name of a quantity, such as 'val_loss'")
            self.monitor = best
            self.is_maximized = is_maximized("Checkpoint", best)

    def __repr__(self) -> str:
        given = {"every": self.every, "keep": self.keep, "best": self.best}
        defaults = {"every": None, "keep": 3, "best": None}
        rest = [f"{name}={each!r}" for name, each in given.items() if each != defaults[name]]
        return f"Checkpoint({', '.join([repr(str(self.folder)), *rest])})"


def resolve_checkpoint(
    checkpoint: Any, callbacks: list[Callback]
) -> tuple[Checkpoint | None, list[Callback]]:
    """Return the checkpoint of a call of ``fit``, which may be a callback, and the others."""
    found = [each for each in callbacks if isinstance(each, Checkpoint)]
    if checkpoint is not None:
        found.append(checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint(checkpoint))
    if len(found) > 1:
        raise ArgumentError(
            f"fit: there are {len(found)} checkpoints, {found[0]} and {found[1]}; give one, by "
            "checkpoint= or among the callbacks"
        )
    others = [each for each in callbacks if not isinstance(each, Checkpoint)]
    return (found[0] if found else None), others


def _checked_folder(folder: Any) -> Path:
    if isinstance(folder, str | os.PathLike):
        text: Any = os.fspath(folder)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] (of an unknown PathLike)
        if isinstance(text, str) and text and "\0" not in text:
            return Path(expanded(text))
    raise bad_argument("Checkpoint", "folder", folder, "the path of a folder, such as 'run/'")


def _interval(every: Any) -> Interval | None:
    if every is None:
        return None
    if isinstance(every, int) and not isinstance(every, bool) and every >= 1:
        return Interval("epochs", every)
    match = re.fullmatch(r"\s*([0-9.]+)\s*([a-z]+?)s?\s*", every) if type(every) is str else None
    if match is not None and match[1].count(".") < 2 and match[1] != ".":
        unit, factor = _UNITS.get(match[2] or "s", ("", 0))
        count = float(match[1]) * factor
        if unit == "seconds" or (unit and count >= 1 and count == int(count)):
            return Interval(unit, count)
    rule = "text such as '10 min', '30 s', '100 steps' or '2 epochs', or a number of epochs"
    raise bad_argument("Checkpoint", "every", every, rule)

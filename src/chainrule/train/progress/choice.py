"""The argument `verbose` of ``fit``: `Progress`, and the choice of a display."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any, TextIO

from chainrule.arguments.aliases import Aliases
from chainrule.arguments.checks import bad_argument, checked_count
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.train.progress.display import Display, Shown, Silent
from chainrule.train.progress.surface import Notebook, Stream, Surface, Terminal

__all__ = ["Progress", "choose_display"]

_ALIASES = Aliases(names={"every": "period interval n epochs frequency freq verbose_eval"})


@answers_foreign_names(_ALIASES)
@dataclass(frozen=True)
class Progress:
    """Progress of ``fit`` with a line for every n-th epoch, given as its argument `verbose`.

    On a terminal a bar stands below the lines.

    Parameters
    ----------
    every : int >= 1
        Epochs from line to line; the last epoch always has one.

    Raises
    ------
    ArgumentError
        If `every` is not in its range.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> net = cr.Network([cr.nn.Dense(1)], seed=0)
    >>> net.compile("mse", "sgd")
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> net.fit(X, X[:, :1], epochs=300, verbose=cr.Progress(every=100))  # doctest: +ELLIPSIS
    epoch 100/300  loss ...  samples/s
    epoch 200/300  loss ...  samples/s
    epoch 300/300  loss ...  samples/s
    <history of 300 epochs: loss ...>
    """

    every: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "every", checked_count("Progress", "every", self.every))


def choose_display(verbose: Any) -> Display:
    """Return the display for ``fit(verbose=...)``."""
    if isinstance(verbose, Progress):
        stream = _stdout()
        if stream is None:
            return Silent()
        return Shown(Terminal(stream) if _is_terminal(stream) else Stream(stream), verbose.every)
    if not isinstance(verbose, str | int) or verbose not in ("auto", 0, 1, 2):
        raise bad_argument("fit", "verbose", verbose, _rule(verbose))
    stream = _stdout()
    if verbose == 0 or stream is None:
        return Silent()
    return Shown(Stream(stream), 1) if verbose == 2 else Shown(_surface(stream), None)


def _rule(verbose: Any) -> str:
    rule = '"auto", 0 (silent), 1 (a bar) or 2 (one line an epoch)'
    if isinstance(verbose, int) and 2 < verbose <= 10**6:
        return f"{rule}; a line every {verbose} epochs is cr.Progress(every={verbose})"
    return f"{rule}, or cr.Progress(every=n)"


def _stdout() -> TextIO | None:
    return sys.stdout  # None for a program without a console


def _surface(stream: TextIO) -> Surface:
    if _is_terminal(stream):
        return Terminal(stream)
    return Notebook() if type(stream).__module__.startswith("ipykernel.") else Stream(stream)


def _is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal that can rewrite a line; IDLE claims to be one."""
    is_simple = os.environ.get("TERM") in ("dumb", "unknown")
    return stream.isatty() and not is_simple and not type(stream).__module__.startswith("idlelib.")

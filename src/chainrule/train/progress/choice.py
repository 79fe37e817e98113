"""The argument `verbose` of ``fit``: `Progress`, and the choice of a display."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TextIO, cast

from chainrule.arguments.aliases import Aliases
from chainrule.arguments.checks import bad_argument, checked_count
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.train.progress.display import Display, Shown, Silent
from chainrule.train.progress.notebook import Notebook
from chainrule.train.progress.surface import Stream, Surface, Terminal, has_bar

__all__ = ["Progress", "choose_display"]

_ALIASES = Aliases(names={"every": "period interval n epochs frequency freq verbose_eval"})


@answers_foreign_names(_ALIASES)
@dataclass(frozen=True)
class Progress:
    """Progress of ``fit`` with a line for every n-th epoch: its argument `verbose`, or a callback.

    On a terminal a bar stands below the lines, in a notebook the curves above them.

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


def choose_display(verbose: Any, callbacks: Any = None) -> Display:
    """Return the display for ``fit(verbose=...)``, or for a `Progress` among its callbacks."""
    verbose = _with_callback(verbose, callbacks)
    is_progress = isinstance(verbose, Progress)
    if not is_progress and (not isinstance(verbose, str | int) or verbose not in ("auto", 0, 1, 2)):
        raise bad_argument("fit", "verbose", verbose, _rule(verbose))
    stream = _stdout()
    if stream is None or verbose == 0:
        return Silent()
    if is_progress:
        return Shown(_surface(stream, keeps_lines=True), verbose.every)
    return Shown(Stream(stream), 1) if verbose == 2 else Shown(_surface(stream), None)


def _with_callback(verbose: Any, callbacks: Any) -> Any:
    """Return the `Progress` that is given as a callback, else `verbose`."""
    given = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    found = [each for each in cast(Sequence[Any], given) if isinstance(each, Progress)]
    if not found:
        return verbose
    if len(found) > 1 or verbose not in ("auto", 0, False):
        other = found[1] if len(found) > 1 else f"verbose={verbose!r}"
        raise ArgumentError(
            f"fit: callbacks has {found[0]} beside {other}, and progress is shown once; give one "
            "of them"
        )
    return found[0]


def _rule(verbose: Any) -> str:
    rule = '"auto", 0 (silent), 1 (a bar) or 2 (one line an epoch)'
    if isinstance(verbose, int) and 2 < verbose <= 10**6:
        return f"{rule}; a line every {verbose} epochs is cr.Progress(every={verbose})"
    return f"{rule}, or cr.Progress(every=n)"


def _stdout() -> TextIO | None:
    """Return standard output; None for a program without a console, or that has closed it."""
    return None if getattr(sys.stdout, "closed", False) else sys.stdout


def _surface(stream: TextIO, keeps_lines: bool = False) -> Surface:
    if type(stream).__module__.startswith("ipykernel."):
        return Notebook(stream, keeps_lines)
    if _is_terminal(stream) and not has_bar(stream):
        return Terminal(stream)
    return Stream(stream)


def _is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal that can rewrite a line; IDLE claims to be one."""
    term = os.environ.get("TERM") or ("unknown" if os.name == "posix" else "")
    is_simple = term in ("dumb", "unknown")
    return stream.isatty() and not is_simple and not type(stream).__module__.startswith("idlelib.")

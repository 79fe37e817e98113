"""One fit of a sweep: build the network of a setting, train it, and return what it has reached."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chainrule.errors import (
    ArgumentError,
    DataError,
    DTypeError,
    ShapeError,
    TraceError,
    UnsupportedError,
    type_in_words,
)
from chainrule.train.callbacks import Checkpoint
from chainrule.train.fit.fit import run_fit
from chainrule.train.fit.fit_arguments import FitArguments
from chainrule.train.model.program_cache import ProgramCache
from chainrule.train.network import Network, model_of
from chainrule.train.sweep.settings import Setting, described

__all__ = ["Data", "Fit", "Outcome", "Problem", "train"]


@dataclass(frozen=True)
class Data:
    """The samples of one fold: for training, and held out."""

    X: Any
    y: Any
    weight: Any = None
    validation: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Problem:
    """What all fits of a sweep have in common."""

    build: Callable[..., Any]
    takes_seed: bool
    fit_names: tuple[str, ...]  # settings that the training takes
    folds: tuple[Data, ...]
    fit: dict[str, Any]  # further arguments of `Network.fit`


@dataclass(frozen=True)
class Fit:
    """One network to train: its setting, seed and fold."""

    number: int
    index: int  # of the setting
    setting: Setting
    seed: int | None
    fold: int
    folder: Path | None = None  # of its checkpoints

    def __str__(self) -> str:
        return described(self.setting, seed=self.seed)


@dataclass
class Outcome:
    """What a fit has reached; without the network if it was finished by an earlier process."""

    fit: Fit
    epochs: int
    values: dict[str, float]  # of the last epoch
    seconds: float
    is_diverged: bool = False
    net: Network | None = field(default=None, repr=False)
    rung: int = 0  # of successive halving, from 0
    is_stopped: bool = False  # as other settings were better in that rung

    @property
    def status(self) -> str:
        """How the fit has ended."""
        return "diverged" if self.is_diverged else "stopped" if self.is_stopped else "finished"


def train(problem: Problem, fit: Fit, epochs: int, before: Outcome | None = None) -> Outcome:
    """Train the network of a fit to a number of epochs in all, on from what was reached before."""
    with _named(fit):
        start = time.perf_counter()
        net = None if before is None else before.net
        if net is None:
            net = _built(problem, fit)
        done = 0 if before is None or before.net is None else before.epochs
        values, is_diverged = _fitted(problem, fit, net, epochs, done)
        model_of(net).programs = ProgramCache()  # with memory that a trained network need not have
        spent = 0.0 if before is None else before.seconds
        seconds = spent + time.perf_counter() - start
        reached = model_of(net).counter.epoch
        return Outcome(fit, reached, values, seconds, is_diverged, net)


def _built(problem: Problem, fit: Fit) -> Network:
    arguments = {n: each for n, each in fit.setting.items() if n not in problem.fit_names}
    if problem.takes_seed:
        arguments["seed"] = fit.seed
    net = problem.build(**arguments)
    if not isinstance(net, Network):
        raise ArgumentError(
            f"sweep: build has returned {type_in_words(net)}; it must return a chainrule.Network "
            "that is compiled: net.compile(loss=..., optimizer=...)"
        )
    if model_of(net).counter.steps:
        raise ArgumentError(
            "sweep: build has returned a network that is trained already; it must make a new one "
            "in each call"
        )
    return net


def _fitted(
    problem: Problem, fit: Fit, net: Network, epochs: int, done: int
) -> tuple[dict[str, float], bool]:
    """Train; return the values of the last epoch, and whether the loss has become infinite."""
    data, history = problem.folds[fit.fold], net.history
    given = {**problem.fit, **_own_arguments(problem, fit)}
    given["epochs"] = epochs if fit.folder is not None else epochs - done
    checkpoint = None if fit.folder is None else Checkpoint(fit.folder, keep=1)
    arguments = FitArguments(
        **given | {"callbacks": deepcopy(given["callbacks"])},
        validation_data=data.validation, sample_weight=data.weight, verbose=0,
        checkpoint=checkpoint, validates_last=True,
    )  # fmt: skip
    try:
        loop = run_fit(net, model_of(net), data.X, data.y, arguments)
    except DataError:
        if net.history is history:  # before the first step: of the data, not of the setting
            raise
        return _last_values(net), True
    held_out = loop.last_validation
    return _last_values(net) | held_out, not all(map(math.isfinite, held_out.values()))


def _own_arguments(problem: Problem, fit: Fit) -> dict[str, Any]:
    return {name: each for name, each in fit.setting.items() if name in problem.fit_names}


def _last_values(net: Network) -> dict[str, float]:
    history = net.history or {}
    left_out = ("learning_rate", "seconds")
    return {name: each[-1] for name, each in history.items() if each and name not in left_out}


_RENAMED = (ArgumentError, DataError, DTypeError, ShapeError, TraceError, UnsupportedError)


@contextmanager
def _named(fit: Fit) -> Generator[None]:
    """Let errors name the setting."""
    try:
        yield
    except Exception as error:
        title = f"sweep, with {fit}"
        if type(error) in _RENAMED:
            raise type(error)(f"{title}: {error}") from error
        error.add_note(title)
        raise

"""`sweep`: train the networks of many settings, seeds and folds, and compare them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.checks import (
    bad_argument,
    checked_choice,
    checked_count,
    checked_function,
)
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.lookup import refuse_unnamed
from chainrule.compiler.runtime.thread_count import get_num_threads
from chainrule.errors import ArgumentError
from chainrule.storage import expanded
from chainrule.train.callbacks.monitor import is_maximized
from chainrule.train.fit.fit_arguments import DEFAULT_BATCH_SIZE
from chainrule.train.network import Network
from chainrule.train.sweep.data import folds_of
from chainrule.train.sweep.result import SweepResult
from chainrule.train.sweep.runs import SweepRun, fits_of
from chainrule.train.sweep.settings import check_names, expand, seeds_of
from chainrule.train.sweep.training import Problem

__all__ = ["sweep"]


@answers_foreign_names(FIT_ALIASES)
def sweep(
    build: Callable[..., Network],
    settings: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    X: Any,
    y: ArrayLike,
    *unnamed: Any,
    seeds: int | Sequence[int] = 1,
    samples: int | None = None,
    samples_seed: int = 0,
    metric: str = "val_loss",
    mode: str = "auto",
    epochs: int = 100,
    batch_size: int | None = DEFAULT_BATCH_SIZE,
    validation_data: Sequence[ArrayLike] | None = None,
    validation_split: float | None = None,
    folds: Any = None,
    shuffle: bool = True,
    sample_weight: ArrayLike | None = None,
    class_weight: Mapping[Any, float] | str | None = None,
    callbacks: Any = None,
    halving: int | None = None,
    backend: str = "threads",
    threads: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    verbose: str | int = "auto",
) -> SweepResult:
    """Train the networks of many settings, seeds and folds side by side, and compare them.

    Each network is trained on one thread, in native code that does not hold the interpreter's lock;
    settings that differ in numbers alone, such as learning rates, penalties, dropout rates and
    seeds, share a compiled program. Each network has the bits of one trained alone by
    `Network.fit`. Held-out samples are evaluated after the last epoch, unless callbacks or
    schedules read their loss.

    Parameters
    ----------
    build : function
        Returns a new, compiled network for the values of a setting, and for a `seed` if it has
        that parameter: ``build(units=3, seed=0)``.
    settings : dict of lists, list of dicts, or dict of distributions
        A grid, of which all combinations are trained; single settings; or, with `samples`,
        distributions: lists, functions of a `numpy.random.Generator`, and objects with a method
        ``rvs(random_state=...)``, as those of `scipy.stats`. Names are parameters of `build`;
        ``epochs`` and ``batch_size`` are taken by the training if `build` does not take them.
    X, y : array, list or table, (n, ...)
        Samples, as `Network.fit` takes them.
    *unnamed
        Refused: the arguments after `y` are keyword-only.
    seeds : int >= 1 or list of int
        The seeds of each setting, ``0, 1, 2, ...`` for a number of them: means over seeds have
        standard errors.
    samples : int >= 1 or None
        How many settings to draw.
    samples_seed : int in [0, 2**64)
        The seed of the draws.
    metric : str
        The quantity of the last epoch by which settings are compared: "loss", a metric of
        ``net.compile``, or, with the prefix ``val_``, that of the held-out samples.
    mode : {"auto", "min", "max"}
        Whether lower or higher values are better; known of the metrics of this library.
    epochs : int >= 1
        Epochs of each fit.
    batch_size : int >= 1 or None
        Samples a step; None for full batch.
    validation_data : (X, y), (X, y, sample_weight) or None
        Held-out samples.
    validation_split : float in [0, 1) or None
        Fraction of the samples held out: the last ones. None for 0.2 if `metric` needs some.
    folds : int >= 2, result of `chainrule.data.folds`, or None
        Cross-validation: each setting is trained on all folds but one, for each of them.
    shuffle : bool
        Whether to reorder the samples in each epoch.
    sample_weight : array, float >= 0, (n,), or None
        Weight of each sample's loss.
    class_weight : mapping of class to float, "balanced" or None
        Weight of each class.
    callbacks : Callback, function or sequence of them
        Each network has copies of its own.
    halving : int >= 2 or None
        Successive halving by this factor: only the best 1/factor of the settings go on after
        epochs/factor, epochs/factor², ... epochs.
    backend : {"threads", "joblib"}
        "joblib" sends batches of networks to the backend of ``joblib.parallel_config``, such as
        "loky", "dask" or "ray".
    threads : int >= 1 or None
        Networks that are trained at the same time; None for one a core.
    checkpoint : str, path or None
        A folder in which the sweep keeps what it has finished: the same call goes on from there.
    verbose : {"auto", 0, 1, 2}
        0 prints nothing, 1 and "auto" show a bar on a terminal and lines elsewhere, 2 lines.

    Returns
    -------
    SweepResult
        A table with one row a fit; means and standard errors; the best network, trained. After
        Ctrl-C it has the fits that were finished.

    Raises
    ------
    ArgumentError
        For arguments out of range, and for what a setting makes `build` or the training raise,
        naming the setting. A loss that becomes NaN or infinite does not end the sweep.
    DataError, ShapeError, DTypeError
        For unsuitable data.
    ImportError
        If joblib, the extra ``joblib``, is not installed.

    References
    ----------
    Jamieson & Talwalkar (2016), "Non-stochastic best arm identification and hyperparameter
    optimization", figure 3; Li et al. (2018), "Hyperband", JMLR 18, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Network, datasets, nn
    >>> def build(units, seed):
    ...     net = Network([nn.Dense(units, activation="tanh"), nn.Dense(2)], seed=seed)
    ...     net.compile(loss="cross_entropy", optimizer="adam", learning_rate=0.05)
    ...     return net
    >>> X, y = datasets.moons(200, noise=0.1, seed=0)
    >>> result = sweep(build, {"units": [1, 8]}, X, y, seeds=2, epochs=40, verbose=0)
    >>> result.best_setting, len(result["val_loss"])
    ({'units': 8}, 4)
    """
    refuse_unnamed("sweep", unnamed, "cr.sweep(build, {'units': [1, 3]}, X, y, seeds=2)")
    checked_function("sweep", "build", build)
    choices, numbers = expand(settings, samples, samples_seed), seeds_of(seeds)
    takes_seed, fit_names = check_names(build, choices, len(numbers))
    checked_choice("sweep", "backend", backend, ("threads", "joblib"))
    checked_choice("sweep", "mode", mode, ("auto", "min", "max"))
    if halving is not None:
        checked_count("sweep", "halving", halving, 2)
        _refuse_epochs(choices)
    held_out = _held_out_fraction(metric, validation_data, validation_split, folds)
    parts = folds_of(X, y, sample_weight, validation_data, folds)
    fit: dict[str, Any] = {
        "epochs": checked_count("sweep", "epochs", epochs), "batch_size": batch_size,
        "validation_split": held_out, "shuffle": shuffle, "class_weight": class_weight,
        "callbacks": callbacks,
    }  # fmt: skip
    problem = Problem(build, takes_seed, fit_names, parts, fit)
    folder = None if checkpoint is None else _folder(checkpoint)
    fits = fits_of(problem, choices, numbers if takes_seed else [None], folder)
    count = get_num_threads() if threads is None else checked_count("sweep", "threads", threads)
    run = SweepRun(
        problem, fits, metric, is_maximized("sweep", metric, mode), halving, count,
        backend == "joblib", folder, folds is not None,
    )  # fmt: skip
    return run.result(verbose)


def _refuse_epochs(choices: Sequence[Mapping[str, Any]]) -> None:
    if any("epochs" in each for each in choices):
        raise ArgumentError(
            "sweep: epochs is among the settings, but halving compares settings after the same "
            "number of epochs; leave one of the two out"
        )


def _held_out_fraction(metric: Any, data: Any, split: float | None, folds: Any) -> float:
    """Return the fraction of the samples that is held out, by default a fifth if it is needed."""
    if not isinstance(metric, str):
        raise bad_argument("sweep", "metric", metric, "the name of a quantity, such as 'val_loss'")
    given = [data is not None, split is not None, folds is not None]
    if sum(given) > 1:
        raise ArgumentError(
            "sweep: more than one of validation_data, validation_split and folds are given; keep "
            "one of them"
        )
    return split if split is not None else 0.2 * (metric.startswith("val_") and not any(given))


def _folder(checkpoint: Any) -> Path:
    if isinstance(checkpoint, str | os.PathLike) and str(checkpoint):
        return Path(expanded(os.fsdecode(checkpoint)))
    raise bad_argument("sweep", "checkpoint", checkpoint, "the path of a folder, such as 'run/'")

"""Arguments as other libraries name them, and what to say to them here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chainrule.errors import ArgumentError

__all__ = ["refuse_foreign", "refuse_unnamed", "whole_number"]

_FOREIGN = {
    "nb_epoch": "epochs",
    "n_epochs": "epochs",
    "num_epochs": "epochs",
    "n_iter": "epochs",
    "max_iter": "epochs",
    "iterations": "epochs",
    "nb_epochs": "epochs",
    "batchsize": "batch_size",
    "bs": "batch_size",
    "mini_batch_size": "batch_size",
    "minibatch_size": "batch_size",
    "x": "X",
    "x_val": "validation_data",
    "val_data": "validation_data",
    "eval_set": "validation_data",
    "validation_set": "validation_data",
    "val_split": "validation_split",
    "validation_fraction": "validation_split",
    "validation_size": "validation_split",
    "sample_weights": "sample_weight",
    "weights": "sample_weight",
    "class_weights": "class_weight",
    "callback": "callbacks",
    "verbosity": "verbose",
    "verbose_level": "verbose",
    "shuffle_data": "shuffle",
    "optim": "optimizer",
    "opt": "optimizer",
    "optimiser": "optimizer",
    "solver": "optimizer",
    "metric": "metrics",
    "loss_function": "loss",
    "loss_fn": "loss",
    "criterion": "loss",
    "objective": "loss",
    "learning_rate_init": "learning_rate",
    "eta": "learning_rate",
    "step_size": "learning_rate",
    "random_state": "seed",
    "custom_objects": "custom",
    "filepath": "path",
    "restore_best_weights": "restore_best",
    "n_iter_no_change": "patience",
    "tol": "min_delta",
    "n_components": "hidden",
    "n_hidden": "hidden",
    "hidden_units": "hidden",
    "units": "hidden",
    "cd_k": "k",
    "weight_decay": "l2",
    "weight_cost": "l2",
}
_MENDS = {
    "initial_epoch": "calling fit again goes on counting epochs by itself",
    "validation_freq": "the validation data are looked at after every epoch",
    "validation_steps": "give as validation_data the samples that shall count",
    "validation_batch_size": "the validation data are computed in batches of their own",
    "steps_per_epoch": "an epoch is one pass over the data; give fewer samples for a shorter one",
    "steps": "evaluation takes all samples; give fewer of them",
    "workers": "use chainrule.set_num_threads",
    "n_jobs": "use chainrule.set_num_threads",
    "use_multiprocessing": "use chainrule.set_num_threads",
    "max_queue_size": "there is no queue: batches are gathered from the arrays",
    "early_stopping": "give callbacks=[cr.EarlyStopping(...)]",
    "loss_weights": "there is one loss; weight its terms in a function of your own",
    "weighted_metrics": "metrics count every sample alike",
    "run_eagerly": "train step by step with chainrule.value_and_grad to look inside",
    "jit_compile": "training is always compiled",
    "return_dict": "evaluate always returns a dictionary",
    "save_format": "the format is safetensors",
    "overwrite": "a file that is there is replaced",
    "safe_mode": "files hold data only, so loading is always safe",
    "momentum": "give optimizer=optim.SGD(learning_rate, momentum=...)",
    "n_iter": "say how long in fit, as in fit(X, epochs=10)",
    "training": "fit trains, everything else infers",
    "baseline": "end training from a callback that returns True",
    "start_from_epoch": "raise patience instead",
}


def refuse_foreign(function: str, foreign: Mapping[str, Any], own: Iterable[str]) -> None:
    """Raise for an argument that a function does not have, and name the one it has.

    Examples
    --------
    >>> refuse_foreign("fit", {"nb_epoch": 3}, ["X", "y", "epochs"])
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: fit: there is no argument `nb_epoch`; here it is `epochs`
    """
    names = list(own)
    for name in foreign:
        raise ArgumentError(f"{function}: there is no argument `{name}`; {_mend(name, names)}")


def refuse_unnamed(function: str, values: Sequence[Any], example: str) -> None:
    """Raise for arguments that must be given by name, since libraries order them differently.

    Examples
    --------
    >>> refuse_unnamed("fit", [10], "net.fit(X, y, epochs=10)")
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: fit: the argument 10 needs its name, as in
    net.fit(X, y, epochs=10)
    """
    if values:
        raise ArgumentError(
            f"{function}: the argument {values[0]!r:.40} needs its name, as in {example}"
        )


def whole_number(function: str, argument: str, value: Any, least: int) -> int:
    """Return a whole number that is at least `least`, or raise an ArgumentError that names it."""
    is_whole = hasattr(value, "__index__") and not isinstance(value, bool)
    if not is_whole or value < least:
        raise ArgumentError(
            f"{function}: {argument} is {value!r}; it must be a whole number, {least} or more"
        )
    return int(value)


def _mend(name: str, own: list[str]) -> str:
    if _FOREIGN.get(name) in own:
        return f"here it is `{_FOREIGN[name]}`"
    if name in _MENDS:
        return _MENDS[name]
    close = difflib.get_close_matches(name, own, n=1, cutoff=0.7)
    return f"did you mean `{close[0]}`?" if close else f"there are {', '.join(own)}"

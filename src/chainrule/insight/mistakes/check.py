"""``cr.check``: the mistakes of a network, its data and its training."""

from __future__ import annotations

import copy
import warnings
from typing import Any, cast

import numpy as np

from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.sparse_rows import is_sparse
from chainrule.errors import ArgumentError, ChainruleError, DataError, type_in_words
from chainrule.insight.mistakes.architecture import architecture_mistakes
from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.mistake import Mistake, Mistakes
from chainrule.insight.mistakes.output import output_mistakes
from chainrule.insight.mistakes.own_loss import own_loss_mistakes
from chainrule.insight.mistakes.samples import sample_mistakes
from chainrule.insight.mistakes.settings import setting_mistakes
from chainrule.insight.mistakes.subject import Settings, Subject
from chainrule.insight.mistakes.training import training_mistakes
from chainrule.train.checks import as_array, check_settings
from chainrule.train.fit.fit_arguments import DEFAULT_BATCH_SIZE
from chainrule.train.inputs.data_adapter import prepare_samples
from chainrule.train.inputs.samples import Samples
from chainrule.train.inputs.table_inputs import as_inputs, fit_table
from chainrule.train.model.model import Model
from chainrule.train.network import Network, model_of

__all__ = ["check"]

_NOT_TRIED = "copies could not be trained, so this only was read: "
_REFUSALS = {
    "CR003": "takes the logarithm of the outputs",
    "CR016": "the metric",
    "CR024": "does not depend on any parameter",
}
"""What errors of `fit` say, by the mistakes that they name."""


@answers_foreign_names(CORE_ALIASES)
def check(
    net: Network,
    X: Any,
    y: Any,
    X_val: Any = None,
    y_val: Any = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = DEFAULT_BATCH_SIZE,
    validation_data: Any = None,
    class_weight: Any = None,
    sample_weight: Any = None,
    trials: bool = True,
) -> Mistakes:
    """Return the mistakes found in a network, its data and the settings of its training.

    What is certainly wrong is found by reading layers, loss and samples. What is wrong only if the
    network does not learn, such as a learning rate or inputs that are not scaled, is tried: a copy
    is trained from fixed seeds for some seconds; if it explains little of the targets, one thing
    after another is changed, and a change that explains much more names the mistake.
    Nothing of the network changes.

    Parameters
    ----------
    net : Network
        A compiled network, trained or not.
    X, y : array, list or table, (n, ...)
        Inputs and targets, as in `fit`.
    X_val, y_val : array, list or table, or None
        Samples of validation; also as `validation_data`.
    epochs : int >= 1 or None
        The epochs of the training; None for those of the last `fit`, or as many as are needed.
    batch_size : int >= 1 or None
        Samples a step, as in `fit`; of a trained network those of its last `fit`.
    validation_data : (X, y) or None
        As `X_val` and `y_val`.
    class_weight, sample_weight : as in `fit`
        Weights of classes and samples.
    trials : bool
        Whether to train copies; False only reads.

    Returns
    -------
    Mistakes, a list of Mistake
        Prints as text; each has ``code``, ``name``, ``evidence``, ``remedy`` and ``family``.
        docs/mistakes.md explains the codes.

    Raises
    ------
    ArgumentError
        If `net` is no network or not compiled, and for settings out of range.

    Examples
    --------
    >>> from chainrule import nn
    >>> net = Network([nn.Dense(4, activation="tanh"), nn.Dense(1, activation="softmax")])
    >>> net.compile(loss="binary_cross_entropy")
    >>> check(net, np.eye(4), np.array([0, 1, 1, 0]))
    CR004 softmax of a single output
          the network ends in softmax, the loss is binary_cross_entropy, and there is 1 output
          remedy: for yes or no use nn.Dense(1, activation="sigmoid") and
          loss="binary_cross_entropy"; for one of k classes k units
    """
    if not isinstance(cast(Any, net), Network):
        raise ArgumentError(
            f"check: the first argument is {type_in_words(net)}, no network; the "
            "order is check(net, X, y)"
        )
    model_of(net).objective("check")
    check_settings("check", batch_size=batch_size, epochs=1 if epochs is None else epochs)
    if validation_data is not None:
        X_val, y_val = validation_data[0], validation_data[1]
    if net.history is not None:
        epochs, batch_size = _of_training(net, len(y) if np.ndim(y) else 0, epochs, batch_size)
    is_weighted = class_weight is not None or sample_weight is not None
    settings = Settings(epochs, batch_size, is_weighted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _find(copy.deepcopy(net), (X, y, X_val, y_val), settings, trials)


def _of_training(
    net: Network, count: int, epochs: int | None, batch_size: int | None
) -> tuple[int | None, int | None]:
    """Return the epochs of all calls of `fit`, and the batch size of the latest, unless given."""
    counter = model_of(net).counter
    if epochs is None:
        epochs = max(counter.epoch, len(net.history["loss"]) if net.history else 0) or None
    if batch_size is DEFAULT_BATCH_SIZE and counter.steps_per_epoch:
        return epochs, max(1, -(-count // counter.steps_per_epoch))
    return epochs, batch_size


def _find(net: Network, data: tuple[Any, ...], settings: Settings, trials: bool) -> Mistakes:
    model = model_of(net)
    X, y, X_val, y_val = data
    try:
        rows = X.toarray() if is_sparse(X) else fit_table(model, X, 0.0, y=y, sample_weight=None)
        inputs = as_array(rows, "check", "X")
        targets = as_array(y, "check", "y", allows_text=True)
        inputs, targets = (x.astype("uint8") if x.dtype == bool else x for x in (inputs, targets))
        if len(inputs) != len(targets):
            raise DataError(f"check: X has {len(inputs)} samples but y has {len(targets)}")
        held_out = None if X_val is None else as_array(_encoded(model, X_val), "check", "X_val")
        model.build(inputs.shape, "check")
    except ChainruleError as error:
        return Mistakes([_refused(error)])
    if targets.dtype.kind == "O":
        targets = targets.astype(str)
    answers = None if y_val is None else np.asarray(y_val)
    subject = Subject(net, model, inputs, targets, held_out, answers, settings)
    found = [*sample_mistakes(subject)]
    if any(each.code == "CR036" for each in found):
        return Mistakes(found)
    certain = (output_mistakes, architecture_mistakes, setting_mistakes)
    found = [x for each in certain for x in each(subject)] + found
    samples = _prepared(subject, found)
    if samples is not None:
        found += own_loss_mistakes(subject, samples.y)
    if samples is None or not trials or _are_hopeless(found):
        return Mistakes(found)
    try:
        new, note = training_mistakes(subject, samples.X, samples.y, found)
        return Mistakes(found + new, note)
    except ChainruleError as error:
        if str(error).startswith("fit: "):
            return Mistakes([*found, _refused(error)])
        return Mistakes(found, _NOT_TRIED + str(error))
    except Exception as error:  # noqa: BLE001 (of a layer or loss of the user's own)
        return Mistakes(found, f"{_NOT_TRIED}{type(error).__name__}: {error}")


def _encoded(model: Model, X: Any) -> Any:
    return X.toarray() if is_sparse(X) else as_inputs(model, X, "check")


def _prepared(subject: Subject, found: list[Mistake]) -> Samples | None:
    """Return the samples as `fit` takes them; what it refuses is a mistake."""
    try:
        return prepare_samples(subject.model, subject.objective, subject.X, subject.y, None, "fit")[
            0
        ]
    except ChainruleError as error:
        if not any(each.family in ("output", "loss") for each in found):
            found.append(_refused(error))
        return None


def _refused(error: ChainruleError) -> Mistake:
    text = str(error).removeprefix("check: ").removeprefix("fit: ")
    evidence, _, remedy = text.rpartition("; ")
    code = next((code for code, part in _REFUSALS.items() if part in text), "CR039")
    return Mistake(kind(code), evidence or text, remedy if evidence else "")


def _are_hopeless(found: list[Mistake]) -> bool:
    """Whether the network cannot learn with what was found, so that trials tell nothing."""
    return any(each.code in ("CR004", "CR017", "CR024", "CR040") for each in found)

"""Data adapter: arrays, lists, tables and memory maps, checked and encoded for a network."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from chainrule.data.row_labels import check_row_labels
from chainrule.data.sparse_rows import SparseRows
from chainrule.data.stored_rows import StoredRows
from chainrule.errors import DataError, ShapeError
from chainrule.nn.adaptation import check_adapted
from chainrule.nn.layers.embedding import Embedding
from chainrule.train.checks import (
    ValidatedData,
    check_samples,
    check_targets,
    refuse_exchanged,
)
from chainrule.train.checks.broadcasting import warn_of_broadcasting
from chainrule.train.checks.lookup_range import explain_lookup_error
from chainrule.train.checks.metric_targets import check_metric_targets
from chainrule.train.inputs.padded_steps import checked_steps, warn_of_mask_end, without_padding
from chainrule.train.inputs.samples import Samples
from chainrule.train.inputs.table_inputs import as_inputs
from chainrule.train.inputs.targets import encode_targets, find_classes, is_text, numbers_as_names
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective

__all__ = ["accepts_any_finite", "prepare_inputs", "prepare_samples"]

Array = NDArray[Any]

_IN_BATCHES = ("predict", "predict_class", "predict_proba")
"""Functions that compute a batch of rows at a time."""


def prepare_samples(
    model: Model,
    objective: Objective,
    X: Any,
    y: Any,
    sample_weight: Any,
    function: str,
    names: tuple[str, str] = ("X", "y"),
    is_batch: bool = False,
) -> tuple[Samples, ValidatedData]:
    """Check samples; encode targets and weights for training or evaluation.

    A batch of an iterable may differ from others in axes of variable length.
    """
    check_row_labels(function, **{names[0]: X, names[1]: y, "sample_weight": sample_weight})
    try:
        checked, shape = _checked(model, X, y, sample_weight, function, names, is_batch)
    except ShapeError as error:
        refuse_exchanged(error, function, X, y)
        raise
    assert checked.y is not None, "targets were required"
    warn_of_mask_end(model, checked.X, function)
    title = f"{function}: {names[1]}"
    mask = checked_steps(model, checked, shape, function, names[0])
    y = without_padding(checked.y, mask) if objective.loss.is_built_in else checked.y
    y = numbers_as_names(y, model.classes, title)
    check_targets(y, objective.loss, shape, function, names[1], checked.weight)
    if function == "fit" and model.classes is None and is_text(y):
        model.classes = find_classes(y, objective.loss, shape)
    y = encode_targets(y, objective.loss, len(shape), model.classes, title)
    check_metric_targets(
        without_padding(y, mask), objective.loss, objective.metrics, shape, function, names[1]
    )
    warn_of_broadcasting(y, objective.loss, objective.metrics, shape, function, names[1])
    weight = None if checked.weight is None else checked.weight.astype(model.dtype)
    return Samples(checked.X, y, weight), checked


def _checked(
    model: Model,
    X: Any,
    y: Any,
    sample_weight: Any,
    function: str,
    names: tuple[str, str],
    is_batch: bool,
) -> tuple[ValidatedData, tuple[int | None, ...]]:
    """Check samples by themselves; build the network if necessary, and return its output shape."""
    inputs = as_inputs(model, X, function)
    has_other = is_batch and _has_other_lengths(model, inputs, function)
    checked = check_samples(
        function,
        inputs,
        y,
        sample_weight,
        input_shape=None if has_other else model.input_shape,
        dtype=model.dtype,
        names=names,
    )
    _check_values(model, checked.X)
    if function != "fit":
        check_adapted(model.stack.adapting, function)
    return checked, model.build(checked.X.shape, function)


def prepare_inputs(model: Model, X: Any, function: str) -> Any:
    """Check inputs of a prediction; build the network if necessary."""
    inputs = as_inputs(model, X, function)
    expected = None if _has_other_lengths(model, inputs, function) else model.input_shape
    checked = check_samples(
        function, inputs, needs_targets=False, input_shape=expected, dtype=model.dtype
    )
    _check_values(model, checked.X)
    check_adapted(model.stack.adapting, function)
    if isinstance(checked.X, SparseRows) and function not in _IN_BATCHES:
        raise DataError(
            f"{function}: X is a sparse matrix, which a call computes as a whole; use "
            "net.predict(X), which reads it batch by batch, or pass X.toarray()"
        )
    model.build(checked.X.shape, function)
    warn_of_mask_end(model, checked.X, function)
    if isinstance(checked.X, StoredRows) and function not in _IN_BATCHES:
        return checked.X[:]  # a call computes all of it at once
    return checked.X


def _has_other_lengths(model: Model, X: Any, function: str) -> bool:
    """Whether inputs differ from the built shape in axes of variable length only.

    Convolutions, recurrent layers and attention accept longer series and larger images.
    """
    shape: Any = getattr(X, "shape", None)
    built = model.input_shape
    if shape is None or built is None or len(shape) != len(built) or shape[1:] == built[1:]:
        return False
    is_lookup = isinstance(model.layers[0], Embedding)
    if not is_lookup and (len(shape) < 3 or shape[-1] != built[-1]):
        return False
    try:
        model.build(shape, function)
    except ShapeError:
        return False
    return True


def accepts_any_finite(model: Model) -> bool:
    """Whether inputs are plain numbers: neither columns of a table nor indices of an embedding."""
    return model.table is None and not isinstance((model.layers or [None])[0], Embedding)


def _check_values(model: Model, X: Any) -> None:
    """Refuse indices out of range of an embedding in first position."""
    first = model.layers[0] if model.layers else None
    if not isinstance(first, Embedding):
        return
    if isinstance(X, StoredRows):
        for part in X.parts():
            first.check_values(part)
        return
    if not isinstance(X, SparseRows):
        first.check_values(X)
        return
    try:
        first.check_values(X.stored)
    except DataError:
        explain_lookup_error(first.check_values, X)  # names row and column
        raise

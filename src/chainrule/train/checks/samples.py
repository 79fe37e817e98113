"""Entry of the checks: all that fit, evaluate and predict verify before they begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import FRACTION, Range, checked_count, checked_number
from chainrule.errors import DataError, ShapeError, counted
from chainrule.nn.losses.loss import Loss
from chainrule.train.checks.arrays import as_array, as_rows
from chainrule.train.checks.finite import Extent, check_finite, extent_of, is_clearly_finite
from chainrule.train.checks.targets import check_targets
from chainrule.train.checks.weights import check_weight

__all__ = ["ValidatedData", "check_samples", "check_settings", "refuse_exchanged"]

Array = NDArray[Any]

_HELD_OUT = Range(
    "a number in [0, 1), the fraction of samples held out for validation", FRACTION.contains
)


@dataclass(frozen=True)
class ValidatedData:
    """Data that passed all checks.

    Parameters
    ----------
    X : array of real numbers, (n, ...), or rows of a sparse matrix
        The inputs, not copied if they were an array.
    y : array of real numbers or text, (n, ...), or None
        The targets.
    weight : array of real numbers, (n,) or (n, steps), or None
        How much each sample or step counts.
    known_extent : Extent or None
        The smallest and largest input, if the checks have computed it.
    """

    X: Array
    y: Array | None
    weight: Array | None
    known_extent: Extent | None

    @property
    def extent(self) -> Extent:
        """The smallest and largest input."""
        extent = self.known_extent or extent_of(self.X)
        assert extent is not None, "all inputs are finite"
        return extent


def check_samples(
    function: str,
    X: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    needs_targets: bool = True,
    loss: Loss | None = None,
    input_shape: tuple[int | None, ...] | None = None,
    output_shape: tuple[int | None, ...] | None = None,
    dtype: Any = "float64",
    names: tuple[str, str] = ("X", "y"),
) -> ValidatedData:
    """Return data as arrays, or raise for the first certain mistake in them.

    Examples
    --------
    >>> check_samples("fit", [[1.0], [2.0]], [1, 0, 1])
    Traceback (most recent call last):
    chainrule.errors.DataError: fit: X has 2 samples but y has 3 (shapes (2, 1) and (3,)); their
    first axes must be equal
    """
    if needs_targets:
        _refuse_several(X, y, function, names[0])
    inputs = as_rows(X, function, names[0])
    targets = None
    if needs_targets:
        targets = as_array(y, function, names[1], allows_text=True)
        _check_lengths(inputs, targets, function, names)
    weight_name = "sample_weight" if names[0] == "X" else "validation_data[2]"
    weight = None if sample_weight is None else as_array(sample_weight, function, weight_name)
    if input_shape is not None:
        _check_features(inputs, input_shape, function, names[0])
    extent = None
    if not is_clearly_finite(inputs):
        extent = check_finite(inputs, function, names[0], dtype, getattr(X, "columns", None))
    if targets is not None and targets.dtype.kind in "biuf" and not is_clearly_finite(targets):
        check_finite(targets, function, names[1], dtype, getattr(y, "columns", None))
    if weight is not None:
        check_weight(weight, len(inputs), function, weight_name, dtype)
    if targets is not None and loss is not None and output_shape is not None:
        check_targets(targets, loss, output_shape, function, names[1], weight)
    return ValidatedData(inputs, targets, weight, extent)


def refuse_exchanged(error: ShapeError, function: str, X: Any, y: Any) -> None:
    """Raise an error of shapes again, with advice, if inputs and targets look exchanged."""
    if getattr(X, "ndim", 2) == 1 and getattr(y, "ndim", 1) > 1:
        raise ShapeError(f"{error}; if X and y are exchanged, write {function}(X, y)") from None


def check_settings(
    function: str, *, batch_size: Any = None, epochs: Any = 1, validation_split: Any = 0.0
) -> None:
    """Refuse settings out of range.

    Examples
    --------
    >>> check_settings("fit", batch_size=0)
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: fit: batch_size is 0; it must be an integer, 1 or more, or
    None for all samples at once
    """
    if batch_size is not None:
        checked_count(function, "batch_size", batch_size, 1, ", or None for all samples at once")
    checked_count(function, "epochs", epochs, 1)
    checked_number(function, "validation_split", validation_split, _HELD_OUT)


def _refuse_several(X: Any, y: Any, function: str, name: str) -> None:
    """Refuse a list of input arrays, which would convert to one array of few samples."""
    if not isinstance(X, tuple | list) or not hasattr(y, "__len__") or len(cast(Any, X)) == len(y):
        return
    parts = cast("Sequence[Any]", X)
    if len(parts) > 1 and all(isinstance(e, np.ndarray) and len(e) == len(y) for e in parts):
        shapes = ", ".join(str(each.shape) for each in parts)
        raise DataError(
            f"{function}: {name} is a {type(X).__name__} of {counted(len(parts), 'array')} of "
            f"shapes {shapes}; a network takes one: join them with np.concatenate along the last "
            "axis, or np.stack, and begin with a layer of your own whose forward takes them apart"
        )


def _check_lengths(X: Array, y: Array, function: str, names: tuple[str, str]) -> None:
    if len(X) == len(y):
        return
    remedy = "their first axes must be equal"
    if X.ndim == 2 and X.shape[1] == len(y):
        remedy += f"; if the columns are the samples, pass {names[0]}.T"
    raise DataError(
        f"{function}: {names[0]} has {counted(len(X), 'sample')} but {names[1]} has {len(y)} "
        f"(shapes {X.shape} and {y.shape}); {remedy}"
    )


def _check_features(
    X: Array, input_shape: tuple[int | None, ...], function: str, name: str
) -> None:
    expected = input_shape[1:]
    pairs = zip(expected, X.shape[1:], strict=False)
    if X.ndim == len(input_shape) and all(size in (None, length) for size, length in pairs):
        return
    shape = ", ".join("any" if size is None else str(size) for size in expected)
    problem = (
        f"{function}: {name} has shape {X.shape}, but the network was built for (batch, {shape})"
    )
    if X.shape == expected:
        raise ShapeError(f"{problem}; this is a single sample: pass {name}[None]")
    if X.ndim == 1 and expected == (1,):
        raise ShapeError(f"{problem}; pass np.asarray({name}).reshape(-1, 1)")
    if len(expected) == 1 and X.ndim > 2 and int(np.prod(X.shape[1:])) == expected[0]:
        raise ShapeError(f"{problem}; pass {name}.reshape(len({name}), -1)")
    raise ShapeError(f"{problem}; give the same features as in training, or make a new network")

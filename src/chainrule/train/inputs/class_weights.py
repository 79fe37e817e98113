"""Class weights as sample weights, and what is left of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import NON_NEGATIVE, checked_number
from chainrule.data.byte_text import decoded
from chainrule.errors import ArgumentError, DataError, counted
from chainrule.nn.losses.loss import Loss
from chainrule.nn.losses.target_domain import find, is_distribution
from chainrule.train.checks.target_kind import target_kind
from chainrule.train.inputs.samples import Samples

__all__ = ["class_weights", "weighted_by_class"]

Array = NDArray[Any]


def weighted_by_class(
    weights: Any,
    samples: Samples,
    loss: Loss,
    output_shape: tuple[int | None, ...],
    classes: list[str] | None,
    dtype: np.dtype[Any],
    mask: Array | None = None,
) -> Samples:
    """Return samples whose weights are multiplied by that of their class.

    If each step has a class, so are the weights of steps; padded ones, where `mask` is False, are
    not counted.
    """
    kind, first = target_kind(samples.y, loss, output_shape)
    if kind in ("amounts", "fractions"):
        raise ArgumentError(
            f"fit: class_weight needs classes, but y holds {kind} such as {samples.y[first]}; use "
            "sample_weight"
        )
    by_class = _by_class(weights, samples.y, output_shape, classes, mask)
    with np.errstate(over="ignore", under="ignore"):
        weighted = samples.weighted(by_class.astype(dtype))
    assert weighted.weight is not None, "they are weighted"
    if not np.isfinite(weighted.weight).all():
        raise DataError(
            f"fit: class_weight times sample_weight is more than {dtype} can hold at "
            f"y{np.argwhere(~np.isfinite(weighted.weight))[0].tolist()}; scale the weights down"
        )
    return weighted


def _by_class(
    weights: Any,
    y: Array,
    output_shape: tuple[int | None, ...],
    classes: list[str] | None,
    mask: Array | None,
) -> NDArray[np.float64]:
    """Return the weight of each sample, or of each step where these have the classes."""
    outputs = output_shape[-1] or 1
    if y.ndim < 2 or not (len(output_shape) == 3 or mask is not None):
        return class_weights(weights, y, classes, outputs)
    is_real = np.ones(y.shape[:2], bool) if mask is None else mask
    by_class = np.zeros(y.shape[:2])
    by_class[is_real] = class_weights(weights, y[is_real], classes, outputs)
    return by_class


def class_weights(
    weights: Mapping[Any, float] | str, y: Array, classes: list[str] | None, outputs: int = 1
) -> NDArray[np.float64]:
    """Return sample weights by class.

    Examples
    --------
    >>> class_weights({0: 1.0, 1: 3.0}, np.array([0, 1, 1]), None)
    array([1., 3., 3.])
    >>> class_weights("balanced", np.array([0, 1, 1, 1]), None).round(3)
    array([2.   , 0.667, 0.667, 0.667])
    """
    labels = _labels_of(y)
    present, inverse, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if isinstance(weights, str) and weights == "balanced":
        return (len(labels) / (len(present) * sizes))[inverse]
    if not isinstance(weights, Mapping):
        raise ArgumentError(
            f'fit: class_weight is {weights!r:.100}; it must be "balanced" or a mapping from class '
            "to weight, such as {0: 1.0, 1: 5.0}"
        )
    by_label = {_label_of(key, classes): _weight(key, value) for key, value in weights.items()}
    occurring: list[int] = present.tolist()
    known = {*occurring, *range(len(classes) if classes else max(outputs, 2))}
    if unknown := sorted(set(by_label) - known):
        raise ArgumentError(
            f"fit: class_weight has the class {unknown[0]}, but y goes from {occurring[0]} to "
            f"{occurring[-1]} and the network has {counted(outputs, 'output')}"
        )
    if missing := [label for label in occurring if label not in by_label]:
        raise ArgumentError(_missing(missing, weights, classes))
    return np.array([by_label[label] for label in occurring])[inverse]


def _labels_of(y: Array) -> Array:
    """Return the class of each sample: an index, or -1 and 1."""
    if y.ndim == 2 and y.shape[1] > 1:
        count, first = find(y, lambda block: ~(is_distribution(block) | _has_one_sign(block)))
        if not count:
            return y.argmax(axis=1)
        raise ArgumentError(
            f"fit: class_weight needs one class a sample, but y[{first[0]}] is "
            f"{np.array2string(y[first[0]], threshold=8, separator=', ')}; use sample_weight"
        )
    if y.size != len(y):
        raise ArgumentError(
            f"fit: class_weight needs one class a sample, but y has shape {y.shape}; use "
            "sample_weight"
        )
    labels = y.reshape(len(y))
    if labels.dtype.kind == "f" and np.any(labels != np.rint(labels)):
        raise ArgumentError(
            "fit: class_weight needs classes, but y holds fractions; use sample_weight"
        )
    return labels.astype(np.int64)


def _has_one_sign(y: Array) -> Array:
    """Whether each row is -1 but for a single 1."""
    return (np.abs(y) == 1).all(axis=-1) & ((y == 1).sum(axis=-1) == 1)


def _label_of(key: Any, classes: list[str] | None) -> int:
    if isinstance(key, bytes):
        key = str(decoded(np.array([key], object), "fit: class_weight")[0])
    if classes is not None and isinstance(key, str) and key in classes:
        return classes.index(key)
    is_integer = hasattr(key, "__index__") or (isinstance(key, float) and key.is_integer())
    if classes is None and is_integer:
        return int(key)
    known = ", ".join(classes) if classes is not None else "numbers 0, 1, 2, ..."
    raise ArgumentError(f"fit: class_weight has the class {key!r:.100}; the classes are {known}")


def _weight(key: Any, value: Any) -> float:
    return checked_number("fit", f"class_weight of {key!r:.100}", value, NON_NEGATIVE)


def _missing(missing: list[int], weights: Mapping[Any, Any], classes: list[str] | None) -> str:
    names = [classes[label] if classes else label for label in missing]
    shown = ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
    which = f"class {shown}, which occurs" if len(names) == 1 else f"classes {shown}, which occur"
    added = ", ".join(f"{name!r}: 1.0" for name in names[:5])
    return (
        f"fit: class_weight lacks the {which} in y; give each class a weight, 1.0 to leave it as "
        f"it is: {{**class_weight, {added}}}"
    )

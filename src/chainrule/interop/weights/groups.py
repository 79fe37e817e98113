"""The arrays of another library, grouped by the layer that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from chainrule.arguments.checks import bad_argument
from chainrule.errors import ArgumentError, DTypeError, type_in_words
from chainrule.interop.weights.layout import Array

__all__ = ["Group", "as_arrays", "grouped"]


@dataclass(frozen=True)
class Group:
    """Arrays of one layer of another library.

    Parameters
    ----------
    name : str
        Of the layer there, such as ``encoder.0``.
    arrays : dict of str to array
        By name within the layer.
    full_names : dict of str to str
        The name in the whole model, by name within the layer.
    """

    name: str
    arrays: dict[str, Array]
    full_names: dict[str, str]


def grouped(entries: Iterable[tuple[str, str, str, Array]]) -> list[Group]:
    """Return the groups of entries (group, name, full name, array), in order of appearance."""
    groups: dict[str, Group] = {}
    for owner, name, full, array in entries:
        group = groups.setdefault(owner, Group(owner, {}, {}))
        if name in group.arrays:
            raise ArgumentError(
                f"the weights {group.full_names[name]!r} and {full!r} are both {name!r} of "
                f"{owner!r}; give the weights of one model, each once"
            )
        group.arrays[name], group.full_names[name] = array, full
    return list(groups.values())


def as_arrays(function: str, argument: str, weights: Any, remedy: str) -> dict[str, Array]:
    """Return weights as NumPy arrays by name; nested dictionaries are joined by slashes."""
    if not isinstance(weights, Mapping):
        raise bad_argument(function, argument, weights, f"a dictionary of arrays; {remedy}")
    arrays: dict[str, Array] = {}
    _collect(function, cast(Mapping[Any, Any], weights), "", arrays)
    if not arrays:
        raise ArgumentError(f"{function}: {argument} is empty; {remedy}")
    return arrays


def _collect(
    function: str, weights: Mapping[Any, Any], prefix: str, arrays: dict[str, Array]
) -> None:
    for name, value in weights.items():
        full = f"{prefix}{name}"
        if isinstance(value, Mapping):
            _collect(function, cast(Mapping[Any, Any], value), f"{full}/", arrays)
        else:
            arrays[full] = _as_array(function, full, value)


def _as_array(function: str, name: str, value: Any) -> Array:
    """Return an array of real numbers; tensors are read through NumPy's protocols, never pickle."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DTypeError(
            f"{function}: {name!r} is {type_in_words(value)} that NumPy cannot read "
            f"({str(error)[:100]}); of a tensor give tensor.detach().cpu().float().numpy()"
        ) from None
    if array.dtype.kind == "V" and not array.dtype.names and array.dtype.name != "void":
        array = array.astype(np.float32)  # bfloat16 and the like of ml_dtypes
    if array.dtype.kind not in "biuf" or isinstance(value, str | Sequence):
        raise DTypeError(
            f"{function}: {name!r} is {type_in_words(value)}; it must be an array of real numbers"
        )
    return array

"""How another library stores the parameters of a kind of layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.nn.layer import Layer

__all__ = ["Array", "Arrays", "Layout", "layout_of", "plain", "renamed"]

Array = NDArray[Any]
Arrays = Mapping[str, Array]
"""Arrays of one layer by name, such as ``weight`` and ``bias``."""


@dataclass(frozen=True)
class Layout:
    """Conversion of the parameters of a layer to the arrays of another library, and back.

    Parameters
    ----------
    write : function (layer, arrays)
        From arrays of this library; their shapes are those that `read` expects.
    read : function (arrays)
        From arrays of the other library.
    defaults : mapping of str to float
        The value of arrays that the other library may leave out, by name there.
    """

    write: Callable[[Layer, Arrays], dict[str, Array]]
    read: Callable[[Arrays], dict[str, Array]]
    defaults: Mapping[str, float]


def renamed(
    names: Mapping[str, str],
    axes: tuple[int, ...] | None = None,
    defaults: Mapping[str, float] | None = None,
) -> Layout:
    """Return the layout of arrays under other `names`, those of two or more axes transposed."""
    back = {other: own for own, other in names.items()}
    inverse = None if axes is None else tuple(np.argsort(axes).tolist())

    def write(layer: Layer, arrays: Arrays) -> dict[str, Array]:
        return {names[name]: _transposed(each, axes) for name, each in arrays.items()}

    def read(arrays: Arrays) -> dict[str, Array]:
        return {back[name]: _transposed(each, inverse) for name, each in arrays.items()}

    return Layout(write, read, defaults or {})


def _transposed(array: Array, axes: tuple[int, ...] | None) -> Array:
    return array if axes is None or array.ndim != len(axes) else array.transpose(axes)


def layout_of(layer: Layer, layouts: Mapping[type[Layer], Layout]) -> Layout:
    """Return the layout of a layer; that of parameters of one's own is the same there and here."""
    return next((layouts[kind] for kind in type(layer).__mro__ if kind in layouts), plain)


def _copied(arrays: Arrays) -> dict[str, Array]:
    return dict(arrays)


plain = Layout(lambda layer, arrays: dict(arrays), _copied, {})
"""The layout of parameters that have the same name and shape in both libraries."""

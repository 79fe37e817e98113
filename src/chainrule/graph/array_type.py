"""Array types: dtype and shape, and NumPy's weak typing of Python scalars (NEP 50)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.arguments.array_classes import refuse_masked, refuse_other_arithmetic
from chainrule.errors import DTypeError

__all__ = ["ArrayType", "dtype_name", "snapshot", "type_of"]

_PREFIX = {"f": "f", "i": "i", "u": "u", "b": "bool"}


@dataclass(frozen=True, slots=True)
class ArrayType:
    """Dtype and shape of an array; prints as ``f32[2,3]``.

    Parameters
    ----------
    dtype : numpy.dtype
        A native float, signed or unsigned integer, or bool.
    shape : tuple of int
        The length of each axis.
    weak : bool
        True for Python scalars, which adopt the dtype of the array operand (NumPy's NEP 50).

    Examples
    --------
    >>> ArrayType(np.dtype("float32"), (2, 3))
    f32[2,3]
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    weak: bool = False

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def is_float(self) -> bool:
        """Whether derivatives can flow through an array of this type."""
        return self.dtype.kind == "f"

    def with_shape(self, shape: tuple[int, ...]) -> ArrayType:
        """Return the same dtype in another shape."""
        return ArrayType(self.dtype, shape, self.weak)

    def with_dtype(self, dtype: np.dtype[Any]) -> ArrayType:
        """Return the same shape with another dtype."""
        return ArrayType(dtype, self.shape)

    def __repr__(self) -> str:
        return f"{dtype_name(self.dtype)}[{','.join(map(str, self.shape))}]"


def dtype_name(dtype: np.dtype[Any]) -> str:
    """Return the short name of a dtype: f32, i64, u8, bool."""
    prefix = _PREFIX.get(dtype.kind, str(dtype))
    return prefix if dtype.kind not in "fiu" else f"{prefix}{8 * dtype.itemsize}"


def type_of(value: Any, what: str = "argument") -> ArrayType:
    """Return the type of an array or Python number."""
    if isinstance(value, float | int) and not isinstance(value, bool | np.generic):
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise DTypeError(f"{what} is {value}, which does not fit into int64; use float(x)")
        return ArrayType(np.dtype("float64" if isinstance(value, float) else "int64"), (), True)
    if type(value) is not np.ndarray:
        refuse_other_arithmetic(value, what)
    has_type = isinstance(getattr(value, "dtype", None), np.dtype)
    array: Any = value if has_type else _as_array(value, what)
    if array.dtype.kind not in _PREFIX:
        raise DTypeError(
            f"{what} has dtype {array.dtype}, but only real numbers and booleans can be computed "
            f"with; {_remedy(array)}"
        )
    dtype = array.dtype if array.dtype.isnative else array.dtype.newbyteorder("=")
    return ArrayType(dtype, tuple(array.shape))


def _as_array(value: Any, what: str) -> Any:
    """Convert a list, or what has a dtype of its own, such as a column of pandas."""
    refuse_masked(value, what)
    try:
        return np.asarray(value)
    except ValueError as error:
        raise DTypeError(
            f"{what} is no array ({error}); give every row the same length and type"
        ) from None


def _remedy(array: Any) -> str:
    """Name the conversion that a refused dtype needs."""
    kind = array.dtype.kind
    if kind == "O" and all(isinstance(each, int | float | np.number) for each in array.flat):
        return "convert it first, with x.astype(float)"
    return _REMEDIES.get(kind, "convert it first, for example with x.astype(float)")


_REMEDIES = {
    "c": "pass x.real and x.imag as two arrays",
    "O": "ragged or mixed lists become objects: give every row the same length and type, and fill "
    "in what is missing",
    "V": "pass its fields as a dict of arrays, {name: x[name] for name in x.dtype.names}",
    "M": "turn dates into numbers, as in (x - x[0]) / np.timedelta64(1, 'D')",
    "m": "turn durations into numbers, as in x / np.timedelta64(1, 's')",
    "U": "encode text as numbers, as in np.unique(x, return_inverse=True)",
    "S": "encode text as numbers, as in np.unique(x, return_inverse=True)",
}


def snapshot(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Copy an array that could still be written to; return a read-only one as it is."""
    owner: Any = array
    while isinstance(owner, np.ndarray) and not owner.flags.writeable:
        owner = owner.base
    if owner is None:
        return array
    copy = array.copy()
    copy.flags.writeable = False
    return copy

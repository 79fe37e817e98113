"""Classes of arrays whose meaning a plain array would lose: masks, matrices, units.

``np.asarray`` drops the mask of a masked array, the matrix product of ``*`` and the units of a
quantity without a word. A subclass that only adds attributes, such as ``np.memmap``, loses nothing.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from chainrule.errors import DataError, DTypeError, counted

__all__ = ["is_masked", "refuse_masked", "refuse_other_arithmetic", "refuse_truncated"]

_ARITHMETIC = ("__array_ufunc__", "__array_function__", "__add__", "__mul__", "__pow__")


def is_masked(value: Any) -> bool:
    """Whether a value is an array with masked entries, or a list or tuple of such arrays."""
    if isinstance(value, list | tuple):
        return any(map(is_masked, cast(Any, value)))
    # `numpy.ma` is imported when named, which takes 10 ms: only for what has a mask.
    if _is_subclass(value) and hasattr(value, "mask"):
        return isinstance(value, np.ma.MaskedArray) and bool(np.ma.is_masked(value))
    return False


def refuse_masked(value: Any, what: str) -> None:
    """Raise for masked entries, which would count as data.

    Examples
    --------
    >>> refuse_masked(np.ma.masked_less([1.0, -2.0, 3.0], 0), "fit: X")
    Traceback (most recent call last):
    chainrule.errors.DataError: fit: X has masked values, 1 of them, which would count as data; pass
    x.filled(value), or leave them out with x.compressed(), or give them the weight 0
    """
    if is_masked(value):
        count = _masked_count(value)
        raise DataError(
            f"{what} has masked values, {count} of them, which would count as data; pass "
            "x.filled(value), or leave them out with x.compressed(), or give them the weight 0"
        )


def refuse_truncated(value: Any, what: str) -> None:
    """Raise for an array that maps a file which is shorter by now: reading it ends the process."""
    base: Any = value
    while isinstance(base, np.ndarray | memoryview):
        base = cast(Any, base.base if isinstance(base, np.ndarray) else base.obj)
    if type(base).__module__ != "mmap":  # named, as importing it takes time
        return
    try:
        size = base.size()
    except (OSError, ValueError):  # anonymous memory, or closed
        return
    if size < len(base):
        raise DataError(
            f"{what} maps {counted(len(base), 'byte')} of a file that has {size:,} now, as it was "
            "truncated after it was mapped; write the file again, and then map it anew"
        )


def _masked_count(value: Any) -> int:
    if isinstance(value, list | tuple):
        return sum(map(_masked_count, cast(Any, value)))
    return int(np.sum(np.ma.getmaskarray(value))) if is_masked(value) else 0


def refuse_other_arithmetic(value: Any, what: str) -> None:
    """Raise for masked entries, and for what has operators or methods of its own."""
    if isinstance(value, np.generic | int | float):
        return
    refuse_masked(value, what)
    if hasattr(value, "iloc"):
        remedy = "pass x.to_numpy()"
    elif hasattr(value, "toarray") and not _is_subclass(value):  # a sparse matrix of SciPy
        remedy = "pass x.toarray()"
    elif not _is_subclass(value) or not _has_own_operators(value):
        return
    elif isinstance(value, np.matrix):
        remedy = "pass np.asarray(x), and write x @ y for a product of matrices"
    else:
        remedy = "pass np.asarray(x), and apply what it means, such as units, to the result"
    raise DTypeError(
        f"{what} is a {type(cast(object, value)).__name__}, whose operators and methods have a "
        f"meaning of their own, which would be lost; {remedy}"
    )


def _is_subclass(value: Any) -> bool:
    """Whether a value is an array of another class; a traced value only says that it is one."""
    cls: Any = type(value)
    return cls is not np.ndarray and issubclass(cls, np.ndarray)


def _has_own_operators(value: Any) -> bool:
    cls = cast(Any, type(value))
    is_plain = cls is np.ndarray or (
        hasattr(value, "mask") and isinstance(value, np.ma.MaskedArray)
    )
    return not is_plain and any(
        getattr(cls, name) is not getattr(np.ndarray, name) for name in _ARITHMETIC
    )

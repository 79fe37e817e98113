"""Conversion of inputs to arrays of real numbers, or the reason why it is impossible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.array_classes import refuse_masked, refuse_truncated
from chainrule.arguments.checks import shown
from chainrule.data.array_protocols import as_numpy, frame_of_numbers, refuse_lazy
from chainrule.data.byte_text import decoded
from chainrule.data.cell import is_missing
from chainrule.data.sparse_rows import SparseRows, as_sparse_rows, is_sparse
from chainrule.data.stored_rows import as_stored_rows
from chainrule.errors import ChainruleError, DataError, DTypeError, counted, type_in_words

__all__ = ["as_array", "as_rows"]

_REMEDIES = {
    "c": "pass its .real and .imag as two columns",
    "M": "turn dates into numbers, such as days since the first",
    "m": "turn durations into numbers, such as .astype('timedelta64[s]').astype(float)",
    "V": "give the fields of a structured array as columns",
}
_ENCODE = "encode categories as columns of 0 and 1, and convert digits with .astype(float)"


def as_rows(value: Any, function: str, name: str) -> Any:
    """Return an array of real numbers, (samples, ...), or the rows of a sparse matrix."""
    rows = as_sparse_rows(value)
    if rows is None:  # of no rows, it is false
        rows = as_stored_rows(value)
    if rows is None:
        return as_array(value, function, name)
    if rows.size == 0:
        raise DataError(
            f"{function}: {name} is empty, its shape is {rows.shape}; it must have at least one "
            "sample and one value in each"
        )
    if rows.dtype.kind not in "biuf":
        stored = rows.stored if isinstance(rows, SparseRows) else rows[:1]
        raise _not_numbers(stored, value, function, name, allows_text=False)
    return rows


def as_array(value: Any, function: str, name: str, allows_text: bool = False) -> NDArray[Any]:
    """Return an array of real numbers, (samples, ...), or raise for what is none.

    Examples
    --------
    >>> as_array([[1, 2], [3]], "fit", "X")
    Traceback (most recent call last):
    chainrule.errors.DataError: fit: X is ragged: row 0 has 2 values but row 1 has 1; give every row
    the same length, for example by padding
    """
    value = as_numpy(value, f"{function}: {name}")
    _refuse_containers(value, function, name)
    try:
        array = np.asarray(value)
    except UnicodeError:  # a list of bytes
        array = np.array(value, object)
    except (ValueError, TypeError) as error:
        raise _ragged(value, function, name, error) from None
    if array.dtype.kind == "O" and (numbers := frame_of_numbers(value)) is not None:
        array = numbers
    if allows_text:
        array = _with_names(array, value, f"{function}: {name}")
    if array.ndim == 0:
        raise DataError(
            f"{function}: {name} is a single {type(value).__name__}, {shown(value, 40)}; it must "
            "be an array with one row a sample"
            + (
                "; read a file first, as by data.read_csv(path); characters are integers by "
                "np.unique with return_inverse=True" * isinstance(value, str)
            )
        )
    if array.size == 0:
        raise DataError(
            f"{function}: {name} is empty, its shape is {array.shape}; it must have at least one "
            "sample and one value in each"
        )
    if array.dtype.kind not in "biuf" and not (allows_text and _is_text(array)):
        raise _not_numbers(array, value, function, name, allows_text)
    return array


def _refuse_containers(value: Any, function: str, name: str) -> None:
    """Refuse what NumPy would convert to one object, or read without its mask."""
    if type(value) is np.ndarray:
        refuse_truncated(value, f"{function}: {name}")
        return
    if value is None:
        raise DataError(f"{function}: {name} is None; it must be an array with one row a sample")
    if is_sparse(value) or (hasattr(value, "toarray") and not hasattr(value, "__array__")):
        raise DataError(
            f"{function}: {name} is a sparse {type(value).__name__}; pass {name}.toarray()"
        )
    if isinstance(value, dict | set | frozenset | Iterator):
        raise DataError(
            f"{function}: {name} is {type_in_words(cast(object, value))}, whose rows have no "
            "order; pass an array or a list"
        )
    refuse_lazy(value, f"{function}: {name}")
    refuse_masked(value, f"{function}: {name}")
    refuse_truncated(value, f"{function}: {name}")


def _with_names(array: NDArray[Any], value: Any, what: str) -> NDArray[Any]:
    """Return names given as bytes as text, and NaN in a list of names as NaN, not as 'nan'."""
    if array.dtype.kind == "U" and isinstance(value, list | tuple):
        rows = cast(Sequence[Any], value)
        if any(isinstance(each, float | np.floating) and each != each for each in rows):
            return np.array(value, object)
    return decoded(array, what)


def _is_text(array: NDArray[Any]) -> bool:
    return array.dtype.kind in "UT" or (
        array.dtype.kind == "O" and all(isinstance(each, str) for each in array.flat)
    )


def _ragged(value: Any, function: str, name: str, error: Exception) -> ChainruleError:
    lengths = [_length(row) for row in value] if isinstance(value, Iterable) else []
    other = next((i for i, length in enumerate(lengths) if length != lengths[0]), None)
    detail = f"({error})"
    if other is not None:
        detail = f"row 0 has {counted(lengths[0], 'value')} but row {other} has {lengths[other]}"
    return DataError(
        f"{function}: {name} is ragged: {detail}; give every row the same length, for example by "
        "padding"
    )


def _length(row: Any) -> int:
    try:
        return len(row)
    except TypeError:
        return 1


def _not_numbers(
    array: NDArray[Any], value: Any, function: str, name: str, allows_text: bool
) -> ChainruleError:
    kind = array.dtype.kind
    if kind != "O":
        remedy = _REMEDIES.get(kind, _ENCODE)
        return DTypeError(
            f"{function}: {name} has dtype {array.dtype}, but must hold real numbers; {remedy}"
        )
    if any(isinstance(each, list | tuple | np.ndarray) for each in array.flat):
        return _ragged(value, function, name, DataError("its rows are of unequal length"))
    unexpected = [
        index
        for index in np.ndindex(array.shape)
        if not isinstance(array[index], int | float | np.number)
    ]
    if allows_text:  # the names are fine where only some are missing
        gaps = [index for index in np.ndindex(array.shape) if is_missing(array[index])]
        unexpected = gaps or unexpected
    if not unexpected:
        return DTypeError(
            f"{function}: {name} has dtype object, but must hold real numbers; convert it with "
            f"{name}.astype(float)"
        )
    first: Any = array[unexpected[0]]
    remedy = _ENCODE
    if is_missing(first):
        remedy = "fill in what is missing, or leave those rows out"
    elif name == "X" and hasattr(value, "columns"):
        remedy = "begin the network with data.Table(), which encodes categories and missing values"
    index = ", ".join(map(str, unexpected[0]))
    column = _column(value, unexpected[0])
    return DTypeError(
        f"{function}: {name} has dtype object and holds values that are not numbers, "
        f"{len(unexpected)} of them, first {shown(first, 40)} at {name}[{index}]{column}; "
        f"{remedy}"
    )


def _column(value: Any, index: tuple[int, ...]) -> str:
    columns = getattr(value, "columns", None)
    return f" (column {columns[index[1]]!r})" if columns is not None and len(index) > 1 else ""

"""Arrays and tables of other libraries, read through their protocols: DLPack, Arrow, pandas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, type_in_words

__all__ = ["as_numpy", "frame_of_numbers", "names_of_columns", "refuse_lazy", "select_by_name"]


def as_numpy(value: Any, title: str) -> Any:
    """Return what NumPy reads: an object of DLPack as an array, without a copy; others as they are.

    Examples
    --------
    >>> class Tensor:
    ...     array = np.ones(2)
    ...
    ...     def __dlpack__(self, **options):
    ...         return self.array.__dlpack__(**options)
    ...
    ...     def __dlpack_device__(self):
    ...         return self.array.__dlpack_device__()
    >>> as_numpy(Tensor(), "fit: X")
    array([1., 1.])
    """
    if isinstance(value, np.ndarray) or not hasattr(value, "__dlpack__"):
        return value
    if hasattr(value, "__array__") or hasattr(value, "__array_interface__"):
        return value
    try:
        return np.from_dlpack(value)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise DataError(
            f"{title} is {type_in_words(value)} that NumPy cannot read by DLPack "
            f"({str(error)[:100]}); copy it into the memory of the CPU first"
        ) from None


def refuse_lazy(value: Any, title: str) -> None:
    """Refuse a query whose rows are not computed yet."""
    if hasattr(value, "collect") and hasattr(value, "collect_schema"):
        raise DataError(
            f"{title} is a {type(value).__name__}, whose rows are not computed yet; pass "
            "its .collect()"
        )


def names_of_columns(value: Any) -> list[Any] | None:
    """Return the names of the columns of a data frame or of a table of Arrow; None without any."""
    if isinstance(value, np.ndarray) or not hasattr(value, "__getitem__"):
        return None
    if hasattr(value, "collect"):
        return None  # a query, whose names may take long to compute
    names = getattr(value, "column_names", None)
    if names is None or not hasattr(value, "num_rows"):
        names = getattr(value, "columns", None)
    return None if names is None or callable(names) else list(names)


def select_by_name(frame: Any, names: list[str]) -> Any:
    """Return columns of a data frame or of a table of Arrow, in the order of the names."""
    return frame.select(names) if hasattr(frame, "num_rows") else frame[names]


def frame_of_numbers(value: Any) -> NDArray[Any] | None:
    """Return the numbers of a frame of pandas with columns that may be missing; None for others.

    Their dtypes, such as Int64, Float32 and those of Arrow, are objects for NumPy.
    """
    dtypes = getattr(value, "dtypes", None) if hasattr(value, "iloc") else None
    if not isinstance(dtypes, Iterable):
        return None
    kinds = [_numpy_dtype(each) for each in cast(Iterable[Any], dtypes)]
    if not kinds or any(each is None or each.kind not in "biuf" for each in kinds):
        return None
    dtype = np.result_type(*cast(Any, kinds))
    if bool(value.isna().to_numpy().any()):
        dtype = np.result_type(dtype, np.float32)
    columns = [value.iloc[:, i].to_numpy(dtype, na_value=np.nan) for i in range(len(kinds))]
    return np.stack(columns, axis=1)


def _numpy_dtype(dtype: Any) -> np.dtype[Any] | None:
    """Return the dtype of NumPy of a column of pandas; None if it is none of numbers."""
    found = dtype if isinstance(dtype, np.dtype) else getattr(dtype, "numpy_dtype", None)
    return cast("np.dtype[Any]", found) if isinstance(found, np.dtype) else None

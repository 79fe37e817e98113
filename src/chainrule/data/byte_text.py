"""Texts given as bytes, as HDF5 files and NumPy's dtype S have them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError

__all__ = ["decoded"]


def decoded(array: NDArray[Any], what: str) -> NDArray[Any]:
    """Return an array with its bytes decoded from UTF-8; one without bytes as it is.

    Examples
    --------
    >>> decoded(np.array([b"no", b"yes"]), "fit: y")
    array(['no', 'yes'], dtype='<U3')
    """
    if array.dtype.kind == "O":
        if not any(issubclass(kind, bytes) for kind in {*map(type, array.ravel().tolist())}):
            return array
        texts = (_text(each, what) if isinstance(each, bytes) else each for each in array.flat)
        return np.fromiter(texts, object, array.size).reshape(array.shape)
    if array.dtype.kind != "S":
        return array
    names = [_text(each, what) for each in array.ravel().tolist()]
    return np.array(names, str).reshape(array.shape)


def _text(value: bytes, what: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise DataError(
            f"{what} holds {value!r:.60}, bytes that are no UTF-8 text; decode them yourself, such "
            'as with np.char.decode(labels, "latin-1")'
        ) from None

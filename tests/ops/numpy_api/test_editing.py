"""Entries are deleted, inserted and repeated where NumPy does it."""

import numpy as np

from tests.ops.numpy_api.function_table import VECTOR, M, Table, check_derivatives, check_values

EDITED: Table = {
    "delete columns": (lambda x: np.delete(x, [0, 2], axis=1), M),
    "delete a slice": (lambda x: np.delete(x, slice(0, 5, 2)), M),
    "delete by mask": (lambda x: np.delete(x, np.array([True, False, True]), 0), M),
    "delete the last": (lambda x: np.delete(x, -1, 0), M),
    "insert a column": (lambda x: np.insert(x, 1, x[0, 0], axis=1), M),
    "insert a row": (lambda x: np.insert(x, 1, [1, 2, 3], axis=1), M),
    "insert into all": (lambda x: np.insert(x, [0, 3], x[:2, 0], axis=None), M),
    "insert at a list": (lambda x: np.insert(x, [1], [[1], [2], [3]], axis=1), M),
    "insert two at one place": (lambda x: np.insert(x, [2, 2], [6, 7.5]), VECTOR),
    "insert at a slice": (lambda x: np.insert(x, slice(0, 4), x[:4]), VECTOR),
    "append": (lambda x: np.append(x, x[0]), M),
    "resize": (lambda x: np.resize(x, (2, 9)), M),
    "resize to less": (lambda x: np.resize(x, 3), M),
    "unstack": (lambda x: np.unstack(x, axis=1), M),
}

TRIMMED: Table = {
    "trim_zeros": (lambda x: np.trim_zeros(np.where(np.abs(VECTOR) > 0.5, x, 0)), VECTOR),
    "trim_zeros in front": (lambda x: np.trim_zeros(x * (VECTOR > 0.5), "f"), VECTOR),
    "trim_zeros of nothing": (lambda x: np.trim_zeros(x * 0), VECTOR),
}


def test_edited_arrays_have_numpys_values() -> None:
    check_values(EDITED)
    check_values(TRIMMED, compiled=False)


def test_edited_arrays_have_derivatives() -> None:
    check_derivatives(EDITED)
    check_derivatives({"trim_zeros": TRIMMED["trim_zeros"]}, compiled=False)

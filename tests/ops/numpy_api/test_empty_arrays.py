"""Arrays without elements, traced and compiled, have NumPy's values and empty derivatives."""

import numpy as np
import pytest

import chainrule as cr
from tests.numpy_programs import Table, broken, programs

SCOPE = {"np": np, "V": np.ones(3), "NONE": np.zeros(0, int)}

VECTOR = programs(
    """
    np.sort(x)
    np.argsort(x)
    np.median(x)
    np.mean(x)
    np.std(x)
    np.sum(x)
    np.prod(x)
    np.max(x, initial=2.0)
    np.logaddexp.reduce(x)
    np.logaddexp.accumulate(x)
    np.hypot.reduce(x)
    np.subtract.reduce(x, initial=2.0)
    np.any(x)
    np.count_nonzero(x)
    np.linalg.norm(x, ord=np.inf)
    np.meshgrid(x, V)
    np.meshgrid(x, V, indexing="ij", sparse=True)
    np.concatenate([x, V])
    np.stack([x, x])
    np.cumsum(x)
    np.cumprod(x)
    np.cumulative_sum(x, include_initial=True)
    np.diff(x)
    np.diag(x)
    np.diag(x, 1)
    np.dot(x, x)
    np.einsum("i,i", x, x)
    np.outer(x, V)
    np.kron(x, V)
    np.pad(x, 1)
    np.roll(x, 1)
    np.array_split(x, 3)
    np.where(x > 0, x, 1) * 2
    x[NONE]
    x[::-1]
    """,
    np.zeros(0),
    SCOPE,
)

MATRIX = programs(
    """
    np.sort(x, axis=0)
    np.argsort(x, axis=1)
    np.median(x, axis=0)
    np.median(x, axis=1)
    np.max(x, axis=1)
    np.min(x, axis=0, initial=1.0)
    np.argmax(x, axis=1)
    np.prod(x, axis=0)
    np.mean(x, axis=1)
    np.var(x, axis=0)
    np.logaddexp.reduce(x)
    np.logaddexp.reduce(x, axis=1)
    np.maximum.accumulate(x)
    np.take_along_axis(x, np.argsort(x, axis=1), 1)
    np.take_along_axis(x, np.zeros((0, 3), int), 0)
    np.concatenate([x, V[None]])
    x @ np.ones((3, 2))
    x.T @ x
    np.einsum("ij,ik->jk", x, x)
    np.tensordot(x, x, axes=([0], [0]))
    np.cumsum(x, axis=1)
    np.trace(x)
    np.diag(x)
    np.tril(x)
    np.pad(x, ((0, 0), (1, 1)), mode="edge")
    np.linalg.norm(x, axis=1)
    np.linalg.norm(x, ord=1, axis=0)
    np.cross(x, x)
    np.broadcast_to(x[:, None], (0, 4, 3))
    x.reshape(3, 0)
    [np.sum(row) for row in x]
    """,
    np.zeros((0, 3)),
    SCOPE,
)

SELECTIONS = programs(
    """
    x[NONE]
    x[NONE, NONE]
    x[:, []]
    x[np.zeros((2, 3), bool)]
    x[:, 3:]
    np.take_along_axis(x, np.zeros((2, 0), int), 1)
    np.take(x, NONE, axis=1)
    np.diagonal(x, 7)
    np.repeat(x, 0)
    np.tile(x, (0, 2))
    np.sort(x[:, :0])
    np.sum(x[:0], axis=0)
    """,
    np.ones((2, 3)),
    SCOPE,
)


@pytest.mark.filterwarnings(
    "ignore:(Mean of empty|Degrees of freedom|invalid value|divide by zero)"
)
@pytest.mark.parametrize("table", [VECTOR, MATRIX, SELECTIONS])
def test_an_array_without_elements_is_treated_as_in_numpy(table: Table) -> None:
    assert broken(table, order=1) == {}


@pytest.mark.parametrize("function", [np.max, np.min, np.argmax, np.ptp, np.fmax.reduce])
def test_an_extremum_of_nothing_is_an_error(function: object) -> None:
    assert callable(function)
    with pytest.raises(cr.errors.ShapeError):
        cr.jit(function)(np.zeros(0))

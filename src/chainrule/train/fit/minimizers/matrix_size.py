"""The largest matrix of a full-batch method, which is refused if it takes gigabytes."""

from __future__ import annotations

import math

from chainrule.errors import ArgumentError
from chainrule.optim.levenberg_marquardt import LevenbergMarquardt
from chainrule.optim.minimizer import Minimizer
from chainrule.optim.scipy_minimizer import SciPyMinimizer
from chainrule.train.model.model import Model

__all__ = ["check_matrix"]

_MOST_BYTES = 2**32

_OF_VECTORS = ("cg", "newton-cg", "l-bfgs-b", "tnc", "trust-ncg", "trust-krylov", "trust-constr")


def check_matrix(model: Model, optimizer: Minimizer, columns: int, samples: int) -> None:
    """Refuse a method whose matrix is too large, of `columns` parameters by as many or outputs."""
    rows, size, of_rows = 0, 8, "parameters"
    if isinstance(optimizer, SciPyMinimizer) and optimizer.method not in _OF_VECTORS:
        rows = columns
    elif isinstance(optimizer, LevenbergMarquardt):
        outputs = [1 if each is None else each for each in model.output_shape[1:]]
        rows, size, of_rows = samples * math.prod(outputs), model.dtype.itemsize, "outputs"
    if rows * columns * size > _MOST_BYTES:
        name = optimizer.method if isinstance(optimizer, SciPyMinimizer) else "lm"
        raise ArgumentError(
            f"fit: the optimizer {name!r} holds a matrix of {rows:,} {of_rows} by {columns:,} "
            f"parameters, {rows * columns * size / 2**30:.0f} GB; use 'lbfgs', which holds a few "
            "vectors"
        )

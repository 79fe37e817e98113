"""The functions of ``numpy.linalg`` and ``scipy.linalg`` that are traced, by module.

Their modules, and the primitives beneath, are imported when one of their functions is called.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from chainrule.ops.numpy_api.keywords import with_keywords

__all__ = ["REFUSED_OF_SCIPY", "late_linear_algebra"]


def _linear_algebra() -> ModuleType:
    from chainrule.ops.numpy_api import linear_algebra

    return linear_algebra


def _matrix_factorizations() -> ModuleType:
    from chainrule.ops.numpy_api import matrix_factorizations

    return matrix_factorizations


def _matrix_norms() -> ModuleType:
    from chainrule.ops.numpy_api import matrix_norms

    return matrix_norms


def _linalg() -> ModuleType:
    from chainrule.ops.scipy_api import linalg

    return linalg


_OF_NUMPY: dict[Callable[[], ModuleType], str] = {
    _linear_algebra: (
        "det inv lstsq matrix_power multi_dot pinv slogdet solve tensorinv tensorsolve"
    ),
    _matrix_factorizations: "cholesky eigh eigvalsh qr svd svdvals",
    _matrix_norms: "cond matrix_norm matrix_rank norm vector_norm",
}
_OF_SCIPY = (
    "block_diag cho_factor cho_solve cholesky circulant det eigh eigvalsh expm hankel inv lstsq "
    "norm pinv qr solve solve_triangular svd svdvals toeplitz"
)
REFUSED_OF_SCIPY = "eig eigvals logm lu lu_factor lu_solve sqrtm"
"""Those whose operation is an error that names another function."""


def late_linear_algebra() -> Iterator[tuple[Any, Callable[..., Any]]]:
    """Give each function of NumPy, and each full name of SciPy's, with its operation."""
    for module, names in _OF_NUMPY.items():
        for name in names.split():
            function = getattr(np.linalg, name, None)  # some are newer than NumPy 2.0
            if function is not None:
                yield function, _late(module, name, "numpy.linalg")
    for name in f"{_OF_SCIPY} {REFUSED_OF_SCIPY}".split():
        yield f"scipy.linalg.{name}", _late(_linalg, name, "scipy.linalg")


def _late(module: Callable[[], ModuleType], name: str, namespace: str) -> Callable[..., Any]:
    found: list[Callable[..., Any]] = []

    def call(*args: Any, **keywords: Any) -> Any:
        if not found:
            title = name if namespace == "numpy.linalg" else f"{namespace}.{name}"
            function = getattr(sys.modules.get(namespace), name, None)
            found.append(with_keywords(title, getattr(module(), name), function))
        return found[0](*args, **keywords)

    return call

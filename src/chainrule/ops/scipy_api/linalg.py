"""Linear algebra with the names and arguments of ``scipy.linalg``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.arguments.checks import shown
from chainrule.errors import ArgumentError, ShapeError, UnsupportedError
from chainrule.ops.numpy_api import linear_algebra, matrix_factorizations, matrix_norms
from chainrule.ops.numpy_api.linear_algebra import (
    as_matrices,
    check_square,
    equation,
    static_float,
    symmetric,
    to_common_float,
)
from chainrule.ops.primitives.linear_algebra import cholesky as cholesky_factorization
from chainrule.ops.primitives.linear_algebra import linear_system
from chainrule.ops.primitives.linear_algebra.matrices import (
    columns,
    identity_like,
    transposed,
)
from chainrule.ops.primitives.linear_algebra.matrix_exponential import matrix_exponential
from chainrule.ops.primitives.linear_algebra.triangular import triangular_solve
from chainrule.ops.primitives.promotion import as_array

__all__ = [
    "block_diag", "cho_factor", "cho_solve", "cholesky", "circulant", "det", "eig", "eigh",
    "eigvals", "eigvalsh", "expm", "hankel", "inv", "logm", "lstsq", "lu", "lu_factor", "lu_solve",
    "norm", "pinv", "qr", "solve", "solve_triangular", "sqrtm", "svd", "svdvals", "toeplitz",
]  # fmt: skip

det = linear_algebra.det
svdvals = matrix_factorizations.svdvals
norm = matrix_norms.norm


def expm(a: Any) -> Any:
    """Matrix exponential."""
    return matrix_exponential(*as_matrices("expm", a))


# Equations.


def solve_triangular(
    a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False
) -> Any:
    """Solve with a triangular matrix, of which the other triangle is not read."""
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ArgumentError(
            f"solve_triangular: trans must be 0, 1, 2, 'N', 'T' or 'C', got {trans}"
        )
    is_transposed = trans not in (0, "N")
    return equation("solve_triangular", a, b, _triangular(lower, is_transposed, unit_diagonal))


def _triangular(
    lower: bool, is_transposed: bool, unit_diagonal: bool = False
) -> Callable[[Any, Any], Any]:
    def apply(a: Any, b: Any) -> Any:
        return triangular_solve(
            a, b, lower=bool(lower), is_transposed=is_transposed, unit_diagonal=bool(unit_diagonal)
        )

    return apply


def cholesky(a: Any, lower: bool = False) -> Any:
    """Cholesky factor, by default the upper one; of A the same triangle is read."""
    return matrix_factorizations.cholesky(a, upper=not lower)


def cho_factor(a: Any, lower: bool = False) -> tuple[Any, bool]:
    """Cholesky factor for `cho_solve`; the other triangle is zero."""
    return cholesky(a, lower), lower


def cho_solve(c_and_lower: Any, b: Any) -> Any:
    """Solve with a Cholesky factor."""
    factor, lower = c_and_lower
    first, second = _triangular(lower, not lower), _triangular(lower, bool(lower))
    return equation("cho_solve", factor, b, lambda c, b: second(c, first(c, b)))


_STRUCTURES = {
    None: "general", "gen": "general", "general": "general", "banded": "general",
    "tridiagonal": "general", "sym": "symmetric", "symmetric": "symmetric", "her": "symmetric",
    "hermitian": "symmetric", "pos": "positive definite", "diagonal": "diagonal",
    "positive definite": "positive definite", "lower triangular": "lower",
    "upper triangular": "upper",
}  # fmt: skip


def solve(
    a: Any, b: Any, lower: bool = False, *, assume_a: Any = None, transposed: bool = False
) -> Any:
    """Solve linear equations with a matrix of a structure, of which only that part is read."""
    if assume_a not in _STRUCTURES:
        known = ", ".join(repr(each) for each in _STRUCTURES if each)
        raise ArgumentError(f"solve: assume_a must be one of {known}, got {shown(assume_a)}")
    structure = _STRUCTURES[assume_a]
    return equation("solve", a, b, _SOLVERS[structure](lower, transposed))


def _general(lower: bool, is_transposed: bool) -> Callable[[Any, Any], Any]:
    return lambda a, b: linear_system.solve(a, b, is_transposed=is_transposed)


def _symmetric(lower: bool, is_transposed: bool) -> Callable[[Any, Any], Any]:
    return lambda a, b: linear_system.solve(symmetric(a, bool(lower)), b, is_transposed=False)


def _positive_definite(lower: bool, is_transposed: bool) -> Callable[[Any, Any], Any]:
    return lambda a, b: cho_solve(cho_factor(a, lower), b)


_SOLVERS: dict[str, Callable[[bool, bool], Callable[[Any, Any], Any]]] = {
    "general": _general,
    "symmetric": _symmetric,
    "positive definite": _positive_definite,
    "diagonal": lambda lower, is_transposed: (
        lambda a, b: b / np.diagonal(a, axis1=-2, axis2=-1)[..., None]
    ),
    "lower": lambda lower, is_transposed: _triangular(True, is_transposed),
    "upper": lambda lower, is_transposed: _triangular(False, is_transposed),
}


def inv(a: Any, *, assume_a: Any = None, lower: bool = False) -> Any:
    """Invert square matrices."""
    (a,) = as_matrices("inv", a)
    check_square("inv", a)
    return solve(a, identity_like(a), lower, assume_a=assume_a)


def lstsq(a: Any, b: Any, cond: Any = None) -> Any:
    """Least squares solution, residuals, rank and singular values."""
    if cond is None:
        cond = float(np.finfo(to_common_float(as_array(a), as_array(b))[0].dtype).eps)
    return linear_algebra.lstsq(a, b, cond)


def pinv(a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False) -> Any:
    """Pseudoinverse; its derivative is that at constant rank."""
    (a,) = as_matrices("pinv", a)
    if static_float("pinv", atol):
        raise UnsupportedError(f"scipy.linalg.pinv: atol={atol} cannot be traced; use rtol")
    relative = static_float("pinv", rtol)
    if relative is None:
        relative = max(a.shape[-2:]) * float(np.finfo(a.dtype).eps)
    inverse = linear_algebra.pinv(a, relative)
    return (inverse, matrix_norms.matrix_rank(a, rtol=relative)) if return_rank else inverse


# Factorizations.


def qr(a: Any, *, mode: str = "full", pivoting: bool = False) -> Any:
    """QR factorization, in the modes full, economic and r."""
    if pivoting or mode not in ("full", "economic", "r"):
        raise UnsupportedError(
            f"scipy.linalg.qr: mode={mode!r}, pivoting={pivoting} cannot be traced; use "
            "mode='full', 'economic' or 'r' without pivoting"
        )
    results = matrix_factorizations.qr(a, "reduced" if mode == "economic" else "complete")
    return (results[1],) if mode == "r" else tuple(results)


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular value decomposition."""
    results = matrix_factorizations.svd(a, full_matrices, compute_uv)
    return tuple(results) if compute_uv else results


def eigh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    type: int = 1,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
) -> Any:
    """Compute eigenvalues and eigenvectors of symmetric matrices, or of a pair ``A x = w B x``."""
    if subset_by_value is not None or type != 1:
        raise UnsupportedError(
            "scipy.linalg.eigh: subset_by_value and type cannot be traced; use subset_by_index"
        )
    (a,) = as_matrices("eigh", a)
    check_square("eigh", a)
    if b is None:
        values, vectors = matrix_factorizations.eigh(a, "L" if lower else "U")
    else:
        values, vectors = _of_pair(symmetric(a, lower), b, lower)
    if subset_by_index is not None:
        low, high = (int(each) for each in subset_by_index)
        values, vectors = values[..., low : high + 1], columns(vectors, low, high + 1)
    return values if eigvals_only else (values, vectors)


def _of_pair(a: Any, b: Any, lower: bool) -> tuple[Any, Any]:
    """Reduce to one matrix, L⁻¹ A L⁻ᵀ with B = L Lᵀ."""
    a, b = to_common_float(a, as_array(b))
    factor = cholesky_factorization.cholesky(b if lower else transposed(b))
    half = solve_triangular(factor, a, lower=True)
    reduced = solve_triangular(factor, transposed(half), lower=True)
    values, vectors = matrix_factorizations.eigh(reduced)
    return values, solve_triangular(factor, vectors, trans=1, lower=True)


def eigvalsh(a: Any, b: Any = None, **keywords: Any) -> Any:
    """Compute the eigenvalues of symmetric matrices, or of a pair."""
    return eigh(a, b, eigvals_only=True, **keywords)


# Matrices of a structure.


def block_diag(*arrs: Any) -> Any:
    """Put matrices along the diagonal of one."""
    matrices = [np.atleast_2d(as_array(each)) for each in arrs] or [np.zeros((1, 0))]
    if any(each.ndim > 2 for each in matrices):
        raise UnsupportedError("scipy.linalg.block_diag: a stack of matrices cannot be traced")
    width, start, bands = sum(each.shape[1] for each in matrices), 0, list[Any]()
    for each in matrices:
        after = width - start - each.shape[1]
        bands.append(np.pad(each, ((0, 0), (start, after))) if width else each)
        start += each.shape[1]
    return np.concatenate(bands, axis=0)


def toeplitz(c: Any, r: Any = None) -> Any:
    """Matrix of constant diagonals, from its first column and row."""
    c = _vector("toeplitz", c)
    r = c if r is None else _vector("toeplitz", r)
    values = np.concatenate([c[::-1], r[1:]])
    rows_, columns_ = np.arange(c.shape[0])[:, None], np.arange(r.shape[0])
    return values[c.shape[0] - 1 - rows_ + columns_]


def hankel(c: Any, r: Any = None) -> Any:
    """Matrix of constant antidiagonals, from its first column and last row."""
    c = _vector("hankel", c)
    r = np.zeros_like(c) if r is None else _vector("hankel", r)
    values = np.concatenate([c, r[1:]])
    return values[np.arange(c.shape[0])[:, None] + np.arange(r.shape[0])]


def circulant(c: Any) -> Any:
    """Matrix whose columns are rotations of the first."""
    c = _vector("circulant", c)
    indices = np.arange(c.shape[0])
    return c[(indices[:, None] - indices) % max(c.shape[0], 1)]


def _vector(name: str, x: Any) -> Any:
    x = as_array(x)
    if x.ndim != 1:
        raise ShapeError(f"{name}: shape {x.shape} is no vector")
    return x


# What cannot be traced.


def _refused(name: str, remedy: str) -> Callable[..., Any]:
    def call(*operands: Any) -> Any:
        raise UnsupportedError(f"scipy.linalg.{name} cannot be traced; {remedy}")

    return call


_OF_SYMMETRIC = (
    "for a symmetric positive definite matrix: w, v = np.linalg.eigh(a), then (v * {function}(w)) "
    "@ v.T"
)
_COMPLEX = (
    "the eigenvalues of such a matrix may be complex numbers; for a symmetric matrix use "
    "scipy.linalg.eigh"
)
_SOLVE = "use scipy.linalg.solve, and np.linalg.slogdet for the determinant"

sqrtm = _refused("sqrtm", _OF_SYMMETRIC.format(function="np.sqrt"))
logm = _refused("logm", _OF_SYMMETRIC.format(function="np.log"))
eig = _refused("eig", _COMPLEX)
eigvals = _refused("eigvals", _COMPLEX)
lu = _refused("lu", _SOLVE)
lu_factor = _refused("lu_factor", _SOLVE)
lu_solve = _refused("lu_solve", _SOLVE)

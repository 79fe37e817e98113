"""Factorizations, eigenvalues and singular values, as `numpy.linalg` names them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, UnsupportedError
from chainrule.ops.numpy_api.linear_algebra import as_matrices, named
from chainrule.ops.primitives.linear_algebra import cholesky as cholesky_factorization
from chainrule.ops.primitives.linear_algebra import orthogonal, singular_values, spectral
from chainrule.ops.primitives.linear_algebra.matrices import row_of, transposed
from chainrule.ops.primitives.selection import get_results

__all__ = ["cholesky", "eigh", "eigvalsh", "qr", "svd", "svdvals"]


def cholesky(a: Any, *, upper: bool = False) -> Any:
    """Cholesky factor, of which the triangle of that side is read."""
    (a,) = as_matrices("cholesky", a)
    if upper:
        return transposed(cholesky_factorization.cholesky(transposed(a)))
    return cholesky_factorization.cholesky(a)


def qr(a: Any, mode: str = "reduced") -> Any:
    """QR factorization, in the modes reduced, complete and r."""
    (a,) = as_matrices("qr", a)
    if mode not in ("reduced", "complete", "r"):
        raise UnsupportedError(
            f"qr: mode={mode!r} cannot be traced; use 'reduced', 'complete' or 'r'"
        )
    results = get_results(orthogonal.qr(a, is_complete=mode == "complete"))
    return results[1] if mode == "r" else named(np.linalg.qr, results)


def eigh(a: Any, UPLO: str = "L") -> Any:
    """Compute eigenvalues and eigenvectors of symmetric matrices, of which one triangle is read."""
    (a,) = as_matrices("eigh", a)
    if UPLO not in ("L", "U", "l", "u"):
        raise ArgumentError(f"eigh: UPLO must be 'L' or 'U', got {UPLO!r}")
    return named(np.linalg.eigh, get_results(spectral.eigh(a, is_lower=UPLO in "Ll")))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Compute the eigenvalues of symmetric matrices, ascending."""
    return eigh(a, UPLO)[0]


def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """Singular value decomposition; of symmetric matrices by their eigenvalues."""
    (a,) = as_matrices("svd", a)
    if hermitian:
        results = _of_symmetric(a)
    else:
        results = get_results(singular_values.svd(a, is_full=full_matrices and compute_uv))
    return named(np.linalg.svd, results) if compute_uv else results[1]


def _of_symmetric(a: Any) -> list[Any]:
    values, vectors = eigh(a)
    order = np.argsort(-np.abs(values), axis=-1)
    values = np.take_along_axis(values, order, axis=-1)
    vectors = np.take_along_axis(vectors, order[..., None, :], axis=-1)
    signs = np.where(values < 0, -1, 1).astype(a.dtype)
    return [vectors, np.abs(values), transposed(vectors * row_of(signs))]


def svdvals(x: Any) -> Any:
    """Singular values, from the largest to the smallest."""
    return svd(x, full_matrices=False, compute_uv=False)

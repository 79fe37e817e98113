"""Functions of ``numpy.linalg``, ``scipy.linalg`` and ``scipy.special`` that are traced.

Their modules, with the primitives and tables of coefficients beneath, are imported when one of the
functions is first called: most programs call none, and SciPy may not be installed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import wraps
from types import ModuleType
from typing import Any

import numpy as np

from chainrule.ops.numpy_api.keywords import of_ufunc, with_keywords

__all__ = ["FUNCTION_NAMES", "REFUSED_OF_SCIPY", "late_operations"]

Importer = Callable[[], ModuleType]


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


def _airy_functions() -> ModuleType:
    from chainrule.ops.scipy_api import airy_functions

    return airy_functions


def _bessel() -> ModuleType:
    from chainrule.ops.scipy_api import bessel

    return bessel


def _beta() -> ModuleType:
    from chainrule.ops.scipy_api import beta

    return beta


def _error_function() -> ModuleType:
    from chainrule.ops.scipy_api import error_function

    return error_function


def _gamma() -> ModuleType:
    from chainrule.ops.scipy_api import gamma

    return gamma


def _incomplete() -> ModuleType:
    from chainrule.ops.scipy_api import incomplete

    return incomplete


def _integral() -> ModuleType:
    from chainrule.ops.scipy_api import integral

    return integral


def _softmax() -> ModuleType:
    from chainrule.ops.scipy_api import softmax

    return softmax


def _special() -> ModuleType:
    from chainrule.ops.scipy_api import special

    return special


def _zeta_functions() -> ModuleType:
    from chainrule.ops.scipy_api import zeta_functions

    return zeta_functions


REFUSED_OF_SCIPY = "eig eigvals logm lu lu_factor lu_solve sqrtm"
"""Those of ``scipy.linalg`` whose operation is an error that names another function."""

FUNCTION_NAMES: dict[str, dict[Importer, str]] = {
    "numpy.linalg": {
        _linear_algebra: (
            "det inv lstsq matrix_power multi_dot pinv slogdet solve tensorinv tensorsolve"
        ),
        _matrix_factorizations: "cholesky eigh eigvalsh qr svd svdvals",
        _matrix_norms: "cond matrix_norm matrix_rank norm vector_norm",
    },
    "scipy.linalg": {
        _linalg: (
            "block_diag cho_factor cho_solve cholesky circulant det eigh eigvalsh expm hankel inv "
            f"lstsq norm pinv qr solve solve_triangular svd svdvals toeplitz {REFUSED_OF_SCIPY}"
        ),
    },
    "scipy.special": {
        _airy_functions: "airy",
        _beta: "beta betaln binom comb factorial multigammaln perm poch",
        _bessel: "i0 i0e i1 i1e j0 j1 jn jv k0 k0e k1 k1e kn kv y0 y1 yn yv",
        _error_function: "erf erfc erfcinv erfcx erfinv log_ndtr ndtr ndtri",
        _gamma: "digamma gamma gammaln gammasgn loggamma psi rgamma",
        _incomplete: "betainc betaincc gammainc gammaincc",
        _integral: "dawsn ellipe ellipk exp1 expi",
        _softmax: "log_softmax logsumexp softmax",
        _special: (
            "boxcox boxcox1p cbrt cosm1 entr exp2 exp10 expit expm1 exprel huber inv_boxcox "
            "inv_boxcox1p kl_div log1p log_expit logit pseudo_huber rel_entr softplus xlog1py xlogy"
        ),
        _zeta_functions: "polygamma zeta zetac",
    },
}
"""Namespace -> what imports a module -> the names of its functions."""


def late_operations() -> Iterator[tuple[Any, Callable[..., Any]]]:
    """Give each function of NumPy, and each full name of SciPy's, with its operation."""
    for namespace, modules in FUNCTION_NAMES.items():
        for module, names in modules.items():
            for name in names.split():
                if namespace != "numpy.linalg":
                    yield f"{namespace}.{name}", _late(module, namespace, name)
                elif function := getattr(np.linalg, name, None):  # some are newer than NumPy 2.0
                    yield function, _late(module, namespace, name)


def _late(module: Importer, namespace: str, name: str) -> Callable[..., Any]:
    found: list[Callable[..., Any]] = []

    def call(*args: Any, **keywords: Any) -> Any:
        if not found:
            found.append(_called_as(namespace, name, getattr(module(), name)))
        return found[0](*args, **keywords)

    return call


def _called_as(namespace: str, name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap an operation to take the arguments of the function or ufunc of that name."""
    title = f"{namespace}.{name}".replace("numpy", "np")
    function = getattr(sys.modules.get(namespace), name, None)
    if not isinstance(function, np.ufunc):
        return with_keywords(title, operation, function)
    ufunc = function
    call = of_ufunc(ufunc, operation, title)

    @wraps(operation)
    def with_out(*operands: Any, **keywords: Any) -> Any:
        if len(operands) > ufunc.nin:
            operands, keywords["out"] = operands[: ufunc.nin], operands[ufunc.nin :]
        return call(*operands, **keywords)

    return with_out

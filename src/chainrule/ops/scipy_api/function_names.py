"""The functions of SciPy that are traced, by the module that has them.

Their modules, with tables of coefficients, are imported when one of their functions is called.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import wraps
from types import ModuleType
from typing import Any

import numpy as np

from chainrule.ops.numpy_api.keywords import of_ufunc, with_keywords

__all__ = ["FUNCTION_NAMES", "late_operations"]


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


FUNCTION_NAMES: dict[Callable[[], ModuleType], str] = {
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
}
"""What imports a module of this package -> names of ``scipy.special``."""


def late_operations() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Give each full name with its operation, which is imported when it is first called."""
    for module, names in FUNCTION_NAMES.items():
        for name in names.split():
            yield f"scipy.special.{name}", _late(module, name)


def _late(module: Callable[[], ModuleType], name: str) -> Callable[..., Any]:
    found: list[Callable[..., Any]] = []

    def call(*args: Any, **keywords: Any) -> Any:
        if not found:
            operation = getattr(module(), name)
            found.append(_with_scipy_keywords(name, operation))
        return found[0](*args, **keywords)

    return call


def _with_scipy_keywords(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap an operation to take the keywords of SciPy's ufunc or function of that name."""
    function = getattr(sys.modules.get("scipy.special"), name, None)
    if not isinstance(function, np.ufunc):
        return with_keywords(f"scipy.special.{name}", operation, function)
    ufunc = function
    call = of_ufunc(ufunc, operation, f"scipy.special.{name}")

    @wraps(operation)
    def with_out(*operands: Any, **keywords: Any) -> Any:
        if len(operands) > ufunc.nin:
            operands, keywords["out"] = operands[: ufunc.nin], operands[ufunc.nin :]
        return call(*operands, **keywords)

    return with_out

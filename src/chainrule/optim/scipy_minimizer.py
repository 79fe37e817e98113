"""SciPy's minimisers as optimisers of a network: their names and options."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import Positive
from chainrule.arguments.checks import bad_argument, checked_text, shown
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.lookup import suggestion
from chainrule.errors import ArgumentError
from chainrule.optim.minimizer import Minimizer

__all__ = ["SCIPY_METHODS", "SciPyMinimizer"]

SCIPY_METHODS = (
    "nelder-mead", "powell", "cg", "bfgs", "newton-cg", "l-bfgs-b", "tnc", "cobyla", "cobyqa",
    "slsqp", "trust-constr", "dogleg", "trust-ncg", "trust-exact", "trust-krylov",
)  # fmt: skip
"""Methods of ``scipy.optimize.minimize``, all of them."""

_LENGTHS = ("maxiter", "maxfev", "maxfun", "callback", "disp")


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class SciPyMinimizer(Minimizer):
    """Minimise the loss of all samples by a method of ``scipy.optimize.minimize``.

    Each epoch of ``fit`` is an iteration of the method. Loss and gradient are computed together in
    one compiled call; methods that use second derivatives are given the exact product of the
    Hessian and a vector, or the exact Hessian.

    Parameters
    ----------
    method : str
        A name of SciPy's, in any case: "nelder-mead", "powell", "cg", "bfgs", "newton-cg",
        "l-bfgs-b", "tnc", "cobyla", "cobyqa", "slsqp", "trust-constr", "dogleg", "trust-ncg",
        "trust-exact" or "trust-krylov".
    tol : float > 0 or None
        The tolerance by which the method ends, as SciPy defines it for each; None for its default.
    options : dict of str to number, bool or str
        Further options of the method, such as ``{"gtol": 1e-8}``; see
        ``scipy.optimize.show_options``. The number of iterations is the ``epochs`` of ``fit``.

    Raises
    ------
    ArgumentError
        For an unknown method, and options that are no plain data or belong to ``fit``.

    Examples
    --------
    >>> SciPyMinimizer("CG", options={"gtol": 1e-8})
    SciPyMinimizer(method='cg', tol=None, options={'gtol': 1e-08})
    """

    method: str
    tol: Positive | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False)

    def __post_init__(self) -> None:
        name = checked_text("SciPyMinimizer", "method", self.method, "a name such as 'cg'")
        name = name.lower().replace("_", "-")
        if name not in SCIPY_METHODS:
            raise ArgumentError(
                f"SciPyMinimizer: there is no method {shown(self.method)}; "
                f"{suggestion(name, SCIPY_METHODS)}"
            )
        object.__setattr__(self, "method", name)
        object.__setattr__(self, "options", _checked_options(self.options))
        super().__post_init__()


def _checked_options(options: Any) -> dict[str, Any]:
    """Return a copy of options, which are plain data, as files hold them."""
    rule = "a dict of options of the method by name, numbers, booleans or texts"
    if not isinstance(options, Mapping):
        raise bad_argument("SciPyMinimizer", "options", options, rule)
    try:
        copied: dict[str, Any] = json.loads(json.dumps(dict(options)))
    except (TypeError, ValueError):
        raise bad_argument("SciPyMinimizer", "options", options, rule) from None
    for name in _LENGTHS:
        if name in copied:
            raise ArgumentError(
                f"SciPyMinimizer: options has {name!r}, which fit decides: net.fit(X, y, "
                "epochs=100, verbose=0) takes 100 iterations at most and prints nothing; leave it "
                "out"
            )
    return copied

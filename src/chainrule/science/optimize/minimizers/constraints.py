"""Constraints of `scipy.optimize.minimize` with exact Jacobians and products with Hessians."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
from scipy.optimize import BFGS, LinearConstraint, NonlinearConstraint
from scipy.sparse.linalg import LinearOperator

from chainrule.errors import ArgumentError
from chainrule.science.flat_function import FlatFunction, is_tree
from chainrule.science.optimize.minimizers.objective import DENSE

__all__ = ["exact_constraints"]

_nonlinear = cast(Any, NonlinearConstraint)
_linear_operator = cast(Any, LinearOperator)


def exact_constraints(operation: str, constraints: Any, x0: Any, method: str) -> Any:
    """Return constraints with the derivatives that a method can use and the user did not give.

    What is no valid constraint is left to SciPy, which raises its own errors.
    """
    if isinstance(constraints, Mapping | NonlinearConstraint | LinearConstraint):
        return _exact(operation, constraints, x0, method)
    if isinstance(constraints, list | tuple):
        return [
            _exact(operation, each, x0, method) for each in cast("list[Any]", list(constraints))
        ]
    return constraints


def _exact(operation: str, constraint: Any, x0: Any, method: str) -> Any:
    if isinstance(constraint, NonlinearConstraint):
        return _exact_nonlinear(operation, constraint, x0, method)
    if isinstance(constraint, Mapping):
        return _exact_mapping(operation, cast("Mapping[str, Any]", constraint), x0, method)
    if isinstance(constraint, LinearConstraint) and is_tree(x0):
        raise ArgumentError(
            f"{operation}: a LinearConstraint multiplies a matrix by a vector, and x0 is a tree; "
            "give scipy.optimize.NonlinearConstraint(f, lb, ub) with f(x), a function of the tree, "
            "such as lambda p: A @ p['weights'], whose exact Jacobian is derived"
        )
    return constraint


def _exact_mapping(operation: str, constraint: Mapping[str, Any], x0: Any, method: str) -> Any:
    args = constraint.get("args", ())
    kind = constraint.get("type")
    if not callable(constraint.get("fun")) or not isinstance(args, tuple):
        return constraint
    if not isinstance(kind, str) or kind.lower() not in ("eq", "ineq"):
        return constraint
    flat = FlatFunction(operation, constraint["fun"], x0, cast("tuple[Any, ...]", args))
    jac = constraint.get("jac")
    is_supplied = method in ("slsqp", "trust-constr") and not jac and _differentiable(flat)
    if not (is_supplied or flat.is_tree or flat.is_notice_due):
        return constraint
    if is_supplied and method == "trust-constr":  # whose Hessians a dictionary cannot hold
        upper = 0.0 if kind.lower() == "eq" else np.inf
        return _nonlinear(flat.value, 0.0, upper, _jacobian(flat), _hessian(flat))

    def fun(x: Any, *args: Any) -> Any:
        return flat.value(x)

    found = {**constraint, "fun": fun}
    if is_supplied:
        return {**found, "jac": _jacobian(flat)}
    return {**found, "jac": _of_vector(flat, jac)} if callable(jac) else found


def _exact_nonlinear(
    operation: str, constraint: NonlinearConstraint, x0: Any, method: str
) -> NonlinearConstraint:
    if not callable(constraint.fun):
        return constraint
    flat = FlatFunction(operation, constraint.fun, x0)
    jac, hess = constraint.jac, constraint.hess
    is_default = (
        jac == "2-point"
        and constraint.finite_diff_rel_step is None
        and constraint.finite_diff_jac_sparsity is None
    )
    has_jacobian = is_default or callable(jac)
    is_used = method in ("slsqp", "trust-constr")
    if is_used and has_jacobian and (is_default or _is_default(hess)) and _differentiable(flat):
        jac = _jacobian(flat) if is_default else _of_vector(flat, jac)
        if method == "trust-constr" and _is_default(hess):
            hess = _hessian(flat)
    elif not (flat.is_tree or flat.is_notice_due):
        return constraint
    elif callable(jac):
        jac = _of_vector(flat, jac)
    return _nonlinear(
        flat.value,
        constraint.lb,
        constraint.ub,
        jac,
        hess,
        constraint.keep_feasible,
        constraint.finite_diff_rel_step,
        constraint.finite_diff_jac_sparsity,
    )


def _differentiable(flat: FlatFunction) -> bool:
    """Whether there is an exact Jacobian; if not, say so."""
    flat.notice_with_value()
    return flat.is_traced


def _is_default(hess: Any) -> bool:
    """Whether it is the approximation that SciPy takes if no Hessian is given."""
    return type(hess) is BFGS and vars(hess) == vars(BFGS())


def _of_vector(flat: FlatFunction, jac: Any) -> Callable[..., Any]:
    """A Jacobian that the user gave, of a vector; of a tree of Jacobians, the matrix."""

    def jacobian(x: Any, *further: Any) -> Any:
        return flat.flattened(jac(flat.restored(x), *further), "the Jacobian of a constraint")

    return jacobian


def _jacobian(flat: FlatFunction) -> Callable[..., Any]:
    def jacobian(x: Any, *args: Any) -> Any:
        return np.reshape(flat.jacobian(x), (-1, flat.start.size))

    return jacobian


def _hessian(flat: FlatFunction) -> Callable[..., Any]:
    """The Hessian of v·fun(x): formed if it is small, else its product with a vector."""
    n = flat.start.size

    def hessian(x: Any, v: Any) -> Any:
        if n <= DENSE:
            return flat.weighted_hessian(x, v)
        return _linear_operator(
            (n, n), matvec=lambda p: flat.weighted_product(x, v, np.ravel(p)), dtype=np.float64
        )

    return hessian

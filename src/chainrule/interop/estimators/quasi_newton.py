"""The solver "lbfgs": SciPy's L-BFGS-B on a compiled loss and gradient of all samples."""

from __future__ import annotations

import sys
import warnings
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from chainrule import tree
from chainrule.interop.estimators.form import Form
from chainrule.interop.estimators.programs import capacity, function_program
from chainrule.interop.estimators.steps import Tree, loss_and_gradient
from chainrule.interop.estimators.training import Rows

__all__ = ["minimize_loss"]

_STOPPED = 99
"""SciPy's status of a minimisation that its callback has stopped."""


def minimize_loss(
    estimator: Any, form: Form, params: Tree, samples: Rows, numbers: Tree, observe: Any
) -> Tree:
    """Minimise the penalised loss of all samples; return the parameters where it ends."""
    from scipy.optimize import minimize

    data = samples.padded(slice(None), capacity(len(samples)))
    count = np.array(len(samples))
    program = function_program(
        form, partial(_loss_and_gradient, form), (params, data, numbers, count), form.custom
    )
    leaves, structure = tree.flatten(params)
    inputs = tree.flatten((data, numbers, count))[0]
    ends = np.cumsum([each.size for each in leaves])
    is_told, estimator.n_iter_ = bool(estimator.verbose), 0

    def parted(vector: Any) -> list[Any]:
        parts = np.split(vector, ends[:-1])
        pairs = zip(parts, leaves, strict=True)
        return [part.reshape(like.shape).astype(like.dtype) for part, like in pairs]

    def evaluate(vector: Any) -> tuple[float, Any]:
        with np.errstate(all="ignore"):
            value, *gradient = program([*parted(vector), *inputs])
        flat = np.concatenate([np.ravel(each) for each in gradient]).astype(np.float64)
        return float(value), flat

    def after(result: Any) -> None:
        estimator.n_iter_ += 1
        if is_told:
            sys.stdout.write(f"Iteration {estimator.n_iter_}, loss = {result.fun:.8f}\n")
        params = tree.unflatten(structure, parted(result.x))
        if observe({"params": params, "statistics": {}}, {"loss": float(result.fun)}):
            raise StopIteration  # SciPy ends there

    result = minimize(
        evaluate,
        np.concatenate([np.ravel(each) for each in leaves]).astype(np.float64),
        method="L-BFGS-B",
        jac=True,
        callback=_named_intermediate(after),
        options={
            "maxfun": estimator.max_fun, "maxiter": estimator.max_iter, "gtol": estimator.tol
        },
    )  # fmt: skip
    _warn_unless_converged(result)
    estimator.n_iter_ = min(int(result.nit), estimator.max_iter)
    estimator.loss_ = float(result.fun)
    return tree.unflatten(structure, parted(result.x))


def _named_intermediate(after: Any) -> Any:
    """Return a callback whose parameter has the name by which SciPy passes the loss as well."""

    def callback(intermediate_result: Any) -> None:
        after(intermediate_result)

    return callback


def _loss_and_gradient(form: Form, params: Tree, data: Tree, numbers: Tree, count: Any) -> Any:
    rows, dtype = data["X"].shape[0], data["X"].dtype
    weight = (np.arange(rows) < count).astype(dtype)
    if data["weight"] is not None:
        weight = weight * data["weight"]
    batch = data | {"weight": weight}
    value, _, _, gradient = loss_and_gradient(form, params, {}, batch, numbers, None)
    return value, gradient


def _warn_unless_converged(result: Any) -> None:
    if result.status and result.status != _STOPPED:
        warnings.warn(
            f"lbfgs failed to converge after {result.nit} iteration(s) (status={result.status}): "
            f"{result.message}. Increase max_iter or max_fun, or scale the inputs, as "
            "sklearn.preprocessing.StandardScaler does.",
            ConvergenceWarning,
            stacklevel=6,
        )

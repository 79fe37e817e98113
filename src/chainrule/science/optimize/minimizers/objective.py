"""A scalar function with the derivatives that one of SciPy's minimisers can use.

::

    objective = Objective("minimize", fun, x0, args)
    objective.derivatives("bfgs", jac=None)     ->  {"fun": ..., "jac": ..., "hess": ..., ...}
    objective.start, objective.result(found)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.science.flat_function import FlatFunction
from chainrule.science.optimize.minimizers.differences import (
    difference_gradient,
    difference_hessian,
    one_sided_differences,
)

__all__ = ["DENSE", "GRADIENT_METHODS", "Objective", "method_name"]

GRADIENT_METHODS = frozenset(
    [
        "cg",
        "bfgs",
        "newton-cg",
        "l-bfgs-b",
        "tnc",
        "slsqp",
        "dogleg",
        "trust-ncg",
        "trust-exact",
        "trust-krylov",
        "trust-constr",
        "_custom",
    ]
)
"""Methods that use a gradient, and callables, which may."""

_NEED_GRADIENT = frozenset(["newton-cg", "dogleg", "trust-ncg", "trust-exact", "trust-krylov"])
_NEED_HESSIAN = frozenset(["dogleg", "trust-exact"])
_USE_PRODUCT = frozenset(["newton-cg", "trust-ncg", "trust-krylov"])

_DIFFERENCES = ("2-point", "3-point", "cs")

DENSE = 100
"""The largest number of variables for which a Hessian is formed where products would do."""


@dataclass(frozen=True)
class _FirstOf:
    """A function that returns value and gradient, as the function of the value alone."""

    function: Callable[..., Any]

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)[0]


class Objective:
    """``fun(x, *args)`` for SciPy; `is_pair` says that it returns value and gradient."""

    def __init__(
        self,
        operation: str,
        fun: Callable[..., Any],
        x0: Any,
        args: tuple[Any, ...],
        is_pair: bool = False,
    ) -> None:
        self.flat = FlatFunction(operation, fun, x0, args)
        self._of_value = FlatFunction(operation, _FirstOf(fun), x0, args) if is_pair else self.flat
        self._is_pair = is_pair
        self._last: tuple[bytes, Any, Any] | None = None
        # As SciPy takes it: its dtype and its errors are SciPy's.
        self.start: Any = self.flat.start if self.flat.is_tree else x0

    @property
    def is_exact(self) -> bool:
        """Whether the function returns one number that has an exact derivative."""
        return self._of_value.is_traced and self._of_value.size == 1

    def derivatives(
        self, method: str, jac: Any = None, hess: Any = None, hessp: Any = None
    ) -> dict[str, Any]:
        """Return what a method can use: what the user gave, else what is exact."""
        wanted = {"fun": self.function, "jac": jac, "hess": hess, "hessp": hessp}
        if self.flat.is_tree:
            wanted |= {"jac": self._of_tree(jac), "hess": self._hessian_of_tree(hess)}
            wanted["hessp"] = self._product_of_tree(hessp)
        if method not in GRADIENT_METHODS:
            return wanted
        has_gradient = callable(jac) or jac is True or jac in _DIFFERENCES
        lacks_second = method in _second_order and hess is None and hessp is None
        if has_gradient and not (lacks_second and jac not in _DIFFERENCES):
            return wanted
        if not self.is_exact:
            if not has_gradient or lacks_second:
                self._of_value.notice_with_value()
                self.flat.is_notice_due = self._of_value.is_notice_due
            return wanted | self._differences(method, has_gradient, lacks_second)
        if not has_gradient:
            wanted |= {"fun": self.value, "jac": self.gradient}
        return wanted | (self._second(method) if lacks_second else {})

    def function(self, x: Any, *args: Any) -> Any:
        """Return what the function returns; the arguments are those given before."""
        found = self.flat.call(x)
        return (found[0], self.flat.flattened(found[1])) if self._is_pair else found

    def value(self, x: Any, *args: Any) -> Any:
        """Return the value, and keep the gradient where one program computes both."""
        if not self.flat.is_compiled or np.asarray(x).dtype.kind != "f":
            value = self.flat.value(x)
            self._last = x.tobytes(), value, None
        else:
            value, gradient = self.flat.value_and_gradient(x)
            if self.flat.is_array and np.size(value) == 1:  # as SciPy does
                value = np.asarray(value).item()
            self._last = x.tobytes(), value, gradient
        return value

    def gradient(self, x: Any, *args: Any) -> Any:
        """Return the gradient: NaN where the value is infinite or NaN, as differences are.

        Where only the gradient is infinite or NaN, differences to one side take its place.
        """
        last, self._last = self._last, None
        is_known = last is not None and last[0] == x.tobytes()
        value, gradient = last[1:] if last is not None and is_known else (None, None)
        if gradient is None:
            gradient = self.flat.gradient(x)
        if value is not None and not np.isfinite(value).all():
            return np.full_like(gradient, np.nan)
        is_wrong = ~np.isfinite(gradient)
        if np.iscomplexobj(x):  # of a complex step
            return gradient
        if is_wrong.any() and np.isfinite(self.flat.value(x)).all():
            gradient[is_wrong] = one_sided_differences(self.flat.value, x, is_wrong)
        return gradient

    def result(self, found: Any) -> Any:
        """Return SciPy's result with trees like `x0` in place of vectors."""
        if not self.flat.is_tree:
            return found
        for name in ("x", "jac"):
            if np.shape(found.get(name)) == self.flat.start.shape:
                found[name] = self.flat.restored(found[name])
        if "allvecs" in found:
            found["allvecs"] = [self.flat.restored(each) for each in found["allvecs"]]
        return found

    def callback(self, callback: Any) -> Any:
        """Return a callback that sees trees; the user's own where `x0` is a vector."""
        if not callable(callback) or not self.flat.is_tree:
            return callback
        if set(inspect.signature(callback).parameters) == {"intermediate_result"}:

            def with_result(*, intermediate_result: Any) -> Any:
                seen = type(intermediate_result)(intermediate_result)
                return callback(intermediate_result=self.result(seen))

            return with_result

        def with_point(x: Any, *further: Any) -> Any:
            return callback(self.flat.restored(x), *further)

        return with_point

    def _of_tree(self, given: Any) -> Any:
        """A gradient that the user gave, of a vector; its own vectors are made from trees."""
        if not callable(given):
            return given

        def gradient(x: Any, *args: Any) -> Any:
            return self.flat.flattened(given(self.flat.restored(x), *args))

        return gradient

    def _hessian_of_tree(self, given: Any) -> Any:
        """A Hessian that the user gave: a matrix, or a tree of trees."""
        if not callable(given):
            return given
        flat = self.flat

        def hessian(x: Any, *args: Any) -> Any:
            found = given(flat.restored(x), *args)
            if not isinstance(found, Mapping | list | tuple):
                return found
            rows = tree.flatten_up_to(flat.structure, found, "hess")
            return np.concatenate(
                [np.reshape(flat.flattened(each, "hess"), (-1, x.size)) for each in rows]
            )

        return hessian

    def _product_of_tree(self, given: Any) -> Any:
        """A product with the Hessian that the user gave, of two trees."""
        if not callable(given):
            return given

        def product(x: Any, p: Any, *args: Any) -> Any:
            restored = self.flat.restored
            return self.flat.flattened(
                given(restored(x), restored(np.asarray(p, x.dtype)), *args), "hessp"
            )

        return product

    def _second(self, method: str) -> dict[str, Any]:
        flat = self._of_value
        is_small = flat.start.size <= DENSE

        def hess(x: Any, *args: Any) -> Any:
            return flat.hessian(x)

        def hessp(x: Any, p: Any, *args: Any) -> Any:
            return flat.hessian_product(x, p)

        if method in _NEED_HESSIAN or (method == "trust-constr" and is_small):
            return {"hess": hess}
        return {"hessp": hessp}

    def _differences(self, method: str, has_gradient: bool, lacks_second: bool) -> dict[str, Any]:
        """Derivatives by differences for the methods that have none of their own."""
        value = self._of_value.value

        def jac(x: Any, *args: Any) -> Any:
            return difference_gradient(value, x)

        def hess(x: Any, *args: Any) -> Any:
            return difference_hessian(value, x)

        found: dict[str, Any] = {}
        if method in _NEED_GRADIENT and not has_gradient:
            found["jac"] = jac
        if method in _NEED_GRADIENT and lacks_second and (method != "newton-cg" or found):
            found["hess"] = hess
        return found


_second_order = _NEED_HESSIAN | _USE_PRODUCT | {"trust-constr"}


def method_name(method: Any, bounds: Any, constraints: Any) -> str:
    """Return the name of a method as SciPy chooses and compares it."""
    if method is None:
        return "slsqp" if constraints else "l-bfgs-b" if bounds is not None else "bfgs"
    return "_custom" if callable(method) else str(method).lower()

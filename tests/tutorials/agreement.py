"""What a function must do to run unchanged: one value and one gradient, however it is run."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import tree

EXACT = {"rtol": 1e-10, "atol": 1e-12}


def assert_close(found: Any, expected: Any, rtol: float = 1e-8, atol: float = 1e-8) -> None:
    """Compare two nested containers, leaf by leaf."""
    left, right = tree.flatten(found)[0], tree.flatten(expected)[0]
    assert len(left) == len(right)
    for each, other in zip(left, right, strict=True):
        assert np.shape(each) == np.shape(other)
        np.testing.assert_allclose(each, other, rtol=rtol, atol=atol)


def assert_runs_unchanged(function: Callable[..., Any], *args: Any, order: int = 1) -> None:
    """Assert that a function has one value plainly, under grad and under jit, and its gradient."""

    def fresh() -> Any:
        return copy.deepcopy(args)

    plain = function(*fresh())
    generator = np.random.default_rng(0)
    weights = [generator.normal(size=np.shape(each)) for each in tree.flatten(plain)[0]]

    def scalar(*values: Any) -> Any:
        leaves = tree.flatten(function(*values))[0]
        return sum(np.sum(w * each) for w, each in zip(weights, leaves, strict=True))

    argnums = tuple(range(len(args)))
    value, gradient = cr.value_and_grad(scalar, argnums)(*fresh())
    np.testing.assert_allclose(value, scalar(*fresh()), **EXACT)
    assert_close(cr.jit(function)(*fresh()), plain, **EXACT)
    assert_close(cr.jit(cr.grad(scalar, argnums))(*fresh()), gradient)
    assert cr.check_grads(function, fresh(), order=order) < 1e-6


def with_values(item: Any, **values: Any) -> Any:
    """Return a copy of an object with other attributes, as in a function of its weights."""
    item = copy.copy(item)
    for name, value in values.items():
        setattr(item, name, value)
    return item

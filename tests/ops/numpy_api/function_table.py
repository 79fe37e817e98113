"""Checks of NumPy functions by tables: a function of traced arrays, and the arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import tree
from chainrule.graph.array_type import type_of
from chainrule.graph.node import Node, variable

Row = tuple[Callable[..., Any], *tuple[Any, ...]]
Table = dict[str, Row]

GENERATOR = np.random.default_rng(0)
M = GENERATOR.normal(size=(3, 4))
POSITIVE = np.abs(M) + 0.5
VECTOR = GENERATOR.normal(size=7)
WEIGHTS = GENERATOR.normal(size=3)
GAPS = np.isnan(np.where(M > 1, np.nan, M))


def with_gaps(x: Any) -> Any:
    """Replace some entries by NaN."""
    return np.where(GAPS, np.nan, x)


def assert_same(
    name: str, results: Any, expected: Any, tolerance: float = 1e-13, signed: bool = False
) -> None:
    """Compare values, shapes and dtypes of nested results; `signed` tells -0.0 from 0.0."""
    leaves, wanted = tree.flatten(results)[0], tree.flatten(expected)[0]
    assert len(leaves) == len(wanted), name
    for leaf, each in zip(leaves, wanted, strict=True):
        leaf = np.asarray(leaf.value if isinstance(leaf, Node) else leaf)
        each = np.asarray(each)
        assert (leaf.dtype, leaf.shape) == (each.dtype, each.shape), name
        rounding = max(tolerance, 16 * np.finfo(each.dtype).eps if each.dtype.kind == "f" else 0)
        np.testing.assert_allclose(leaf, each, rounding, rounding, err_msg=name)
        if signed:
            signs = [np.signbit(x[~np.isnan(x)]) for x in (leaf, each)]
            np.testing.assert_array_equal(*signs, err_msg=name)


def trace_known(function: Callable[..., Any], *arrays: Any) -> Any:
    """Apply to nodes of known value, as under ``cr.grad``."""
    return function(*(variable(type_of(x), np.asarray(x)) for x in arrays))


def check_values(table: Table, compiled: bool = True) -> None:
    """Compare with NumPy on plain arrays: traced with known values, and under ``cr.jit``."""
    for name, (function, *arrays) in table.items():
        assert_same(name, trace_known(function, *arrays), function(*arrays))
        singles = [x.astype(np.float32) if np.asarray(x).dtype == "f8" else x for x in arrays]
        assert_same(f"{name} of f32", trace_known(function, *singles), function(*singles), 1e-5)
    if compiled:

        def program(rows: Any) -> Any:
            return [table[name][0](*arrays) for name, arrays in rows.items()]

        rows = {name: tuple(arrays) for name, (_, *arrays) in table.items()}
        for name, result, expected in zip(rows, cr.jit(program)(rows), program(rows), strict=True):
            assert_same(f"{name} under jit", result, expected)


def check_derivatives(
    table: Table, compiled: bool = True, tolerance: float = 1e-6, order: int = 2
) -> None:
    """Compare first and second derivatives with finite differences; compiled with interpreted."""
    for name, (function, *arrays) in table.items():
        try:
            cr.check_grads(function, arrays, order, tolerance, directions=1)
        except cr.GradientError as error:
            raise AssertionError(name) from error
    if compiled:

        def total(rows: Any) -> Any:
            results = [table[name][0](*arrays) for name, arrays in rows.items()]
            return sum(np.sum(np.sin(x + 0.3)) for x in tree.flatten(results)[0])

        rows = {name: tuple(arrays) for name, (_, *arrays) in table.items()}
        gradient = cr.grad(total)
        for name, got, expected in zip(
            rows, cr.jit(gradient)(rows).values(), gradient(rows).values(), strict=True
        ):
            assert_same(f"gradient of {name}", got, expected, 1e-11)

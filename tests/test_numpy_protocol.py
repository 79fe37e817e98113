"""Traced NumPy expressions have NumPy's values and dtypes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.array_type import type_of
from chainrule.graph.node import Node, variable
from tests.contracts.grouped_rows import Row, every_row
from tests.expression_arrays import Table
from tests.numpy_expressions import ARITHMETIC, PRODUCTS, REDUCTIONS
from tests.numpy_indexing import DECISIONS, PICKING, SHAPES

KINDS = {
    "arithmetic": ARITHMETIC,
    "reductions": REDUCTIONS,
    "products": PRODUCTS,
    "shapes": SHAPES,
    "picking": PICKING,
    "decisions": DECISIONS,
}
FLOATS = ARITHMETIC | REDUCTIONS | PRODUCTS | SHAPES | PICKING


def traced(function: Callable[..., Any], *arrays: Any) -> Any:
    """Apply to nodes of known value."""
    result = function(*(variable(type_of(x), np.asarray(x)) for x in arrays))
    return result.value if isinstance(result, Node) else result


def rounding(*dtypes: Any) -> float:
    return 16 * max(np.finfo(d).eps if np.dtype(d).kind == "f" else 0 for d in dtypes)


def params(table: Table) -> Any:
    """Run a test with every row, those of one table of many kinds of expressions together."""
    groups = {name: kind for kind, rows in KINDS.items() for name in rows}
    return every_row(
        [Row(groups[name], name, {"function": f, "x": x}) for name, (f, x) in table.items()]
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@params(FLOATS | DECISIONS)
def test_a_traced_expression_has_numpys_value_and_dtype(
    function: Callable[..., Any], x: Any, dtype: str
) -> None:
    x = x.astype(dtype)
    expected, got = np.asarray(function(x)), np.asarray(traced(function, x))
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    tolerance = rounding(dtype, got.dtype)
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


NEEDS_VALUES = {"array_equal"}


@params({name: row for name, row in (FLOATS | DECISIONS).items() if name not in NEEDS_VALUES})
def test_tracing_depends_on_shape_and_dtype_only(function: Callable[..., Any], x: Any) -> None:
    expected = np.asarray(function(x))
    got = cr.jit(function)(x)
    np.testing.assert_allclose(np.asarray(got), expected, rtol=4e-15, atol=4e-15)


@params(FLOATS)
def test_derivatives_agree_with_central_differences(function: Callable[..., Any], x: Any) -> None:
    generator = np.random.default_rng(7)
    direction = generator.normal(size=x.shape)
    value, pullback = cr.vjp(function, x)
    cotangent = generator.normal(size=np.shape(value)).astype(value.dtype)
    (gradient,) = pullback(cotangent)
    assert gradient.dtype == x.dtype
    single = value.dtype == np.float32
    step = 1e-3 if single else 1e-4

    def along(t: float) -> float:
        return float(np.sum(cotangent * np.asarray(function(x + t * direction), np.float64)))

    coarse = (along(step) - along(-step)) / (2 * step)
    fine = (along(step / 2) - along(-step / 2)) / step
    difference = (4 * fine - coarse) / 3
    scale = max(1.0, abs(difference), float(np.abs(gradient).max(initial=0)))
    assert abs(difference - np.sum(gradient * direction)) < (2e-2 if single else 1e-8) * scale

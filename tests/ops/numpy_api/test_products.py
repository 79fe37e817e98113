"""einsum and matmul against NumPy for generated subscripts and ranks."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ShapeError
from chainrule.graph.array_type import type_of
from chainrule.graph.node import variable

LENGTHS = {"a": 2, "b": 3, "c": 1, "d": 4}


def node(x: Any) -> Any:
    return variable(type_of(x), x)


@st.composite
def subscripts(draw: st.DrawFn) -> str:
    terms = draw(st.lists(st.text("abcd", max_size=3), min_size=1, max_size=4))
    letters = sorted(set("".join(terms)))
    result = draw(st.lists(st.sampled_from(letters), unique=True)) if letters else []
    return ",".join(terms) + "->" + "".join(result)


@given(subscripts(), st.integers(0, 2**32 - 1))
def test_einsum_agrees_with_numpy_for_any_subscripts(spec: str, seed: int) -> None:
    generator = np.random.default_rng(seed)
    terms = spec.split("->")[0].split(",")
    arrays = [generator.uniform(-1, 1, [LENGTHS[c] for c in term]) for term in terms]
    expected = np.einsum(spec, *arrays)
    got = np.einsum(spec, *map(node, arrays))
    assert got.shape == np.shape(expected)
    np.testing.assert_allclose(got.value, expected, rtol=1e-12, atol=1e-12)


@given(subscripts(), st.integers(0, 2**32 - 1))
def test_einsum_is_linear_in_each_operand(spec: str, seed: int) -> None:
    """The derivative of a product by one factor, times a change of it, is the change."""
    generator = np.random.default_rng(seed)
    terms = spec.split("->")[0].split(",")
    arrays = [generator.uniform(-1, 1, [LENGTHS[c] for c in term]) for term in terms]
    value, pullback = cr.vjp(lambda *x: np.einsum(spec, *x), *arrays)
    cotangent = generator.uniform(-1, 1, np.shape(value))
    change = generator.uniform(-1, 1, arrays[0].shape)
    expected = np.sum(cotangent * np.einsum(spec, change, *arrays[1:]))
    np.testing.assert_allclose(np.sum(pullback(cotangent)[0] * change), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3, 4)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((5, 1, 2, 3), (6, 3, 4)),
        ((1, 2, 3), (5, 3, 4)),
        ((5, 2, 3), (3,)),
        ((3,), (5, 3, 4)),
        ((0, 3), (3, 2)),
        ((2, 0), (0, 3)),
        ((4, 0, 3), (4, 3, 2)),
    ],
)
def test_matmul_agrees_with_numpy_for_all_ranks(a: Any, b: Any) -> None:
    generator = np.random.default_rng(1)
    x, y = generator.uniform(-1, 1, a), generator.uniform(-1, 1, b)
    got = np.matmul(node(x), y)
    np.testing.assert_allclose(got.value, x @ y, rtol=1e-13, atol=1e-14)
    assert got.shape == np.shape(x @ y)
    if x.size and y.size:
        cr.check_grads(lambda x, y: np.sum((x @ y) ** 2), (x, y), order=2)


def test_products_of_integers_and_booleans_have_numpys_dtype() -> None:
    for left, right in (("int32", "int32"), ("int8", "uint8"), ("bool", "bool"), ("int64", "f4")):
        x, y = np.eye(3, dtype=left), np.ones((3, 2), right)
        got = node(x) @ y
        assert got.dtype == (x @ y).dtype
        np.testing.assert_array_equal(got.value, x @ y)
        assert np.einsum("ij,jk->ik", node(x), y).dtype == np.einsum("ij,jk->ik", x, y).dtype


def test_einsum_of_many_operands_uses_a_cheap_contraction_path() -> None:
    a, b, v = np.ones((60, 60)), np.ones((60, 60)), np.ones(60)
    graph = cr.trace(lambda a, b, v: np.einsum("ij,jk,k->i", a, b, v))(a, b, v)
    largest = max(each.size for each in graph.equations)
    assert largest == 60


SHAPES_THAT_DO_NOT_FIT = {
    "the transpose of the second fits, (2, 4) times (4, 3)": (np.matmul, (2, 4), (3, 4)),
    "the transpose of the first fits, (4, 2) times (2, 3)": (np.matmul, (2, 4), (2, 3)),
    "axis 0 of the first has length 2, but axis 0 of the second has 5": (
        (np.matmul, (2, 3, 4), (5, 4, 3))
    ),
    "einsum: cannot multiply shapes (2, 4) and (3, 5); axis 1": (
        (lambda a, b: np.einsum("ij,kj->ik", a, b), (2, 4), (3, 5))
    ),
    "along axis=0 they fit": ((lambda a, b: np.concatenate([a, b], axis=1), (2, 4), (3, 4))),
}


@pytest.mark.parametrize("remedy", SHAPES_THAT_DO_NOT_FIT)
def test_shapes_that_do_not_fit_are_named_with_what_would(remedy: str) -> None:
    function, a, b = SHAPES_THAT_DO_NOT_FIT[remedy]
    with pytest.raises(ShapeError, match=re.escape(remedy)):
        cr.grad(lambda x: np.sum(function(x, np.ones(b))))(np.ones(a))

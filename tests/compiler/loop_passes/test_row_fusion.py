"""Fusion over rows: maps and reductions of long rows become one parallel loop over the rows."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.loop_passes.row_fusion import fuse_over_rows
from tests.compiler.programs.loop_text import Loops, matrix


def softmax(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def test_softmax_is_computed_row_by_row():
    loops = Loops(softmax, matrix(64, 999))
    assert loops.text(fuse_over_rows(loops.promoted(), loops.layout)) == "\n".join([
        "loop t<64 parallel:",
        "  for vector i:",
        "    reduce_max[0] = max i<999: x[t, i]",
        "  for i<999 vector i:",
        "    exp[0, i] = exp(subtract(x[t, i], reduce_max[0]))",
        "  for vector i:",
        "    reduce_to[0, 0] = sum i<999: exp[0, i]",
        "  for i<999 vector i:",
        "    result[t, i] = divide(exp[0, i], reduce_to[0, 0])",
    ])  # fmt: skip


@pytest.mark.parametrize("shape", [(64, 200), (4, 999), (8, 999)])
def test_few_short_or_near_rows_stay_as_they_are(shape):
    loops = Loops(softmax, matrix(*shape))
    steps = loops.promoted()
    assert fuse_over_rows(steps, loops.layout) == steps


def cross_entropy(x, y):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    log_p = x - np.max(x, axis=1, keepdims=True) - np.log(np.sum(e, axis=1, keepdims=True))
    return -np.mean(np.take_along_axis(log_p, y[:, None], axis=1))


@pytest.mark.parametrize("classes", [999, 1000, 1024])
def test_the_derivative_of_a_cross_entropy_is_that_of_numpy(classes):
    x = np.random.default_rng(0).normal(size=(64, classes))
    y = np.arange(64) * 15 - 64
    loss, gradient = cr.jit(cr.value_and_grad(cross_entropy))(x, y)
    expected = softmax(x)
    expected[np.arange(64), y] -= 1
    np.testing.assert_allclose(loss, cross_entropy(x, y), rtol=1e-13)
    np.testing.assert_allclose(gradient, expected / 64, rtol=1e-11, atol=1e-16)


@pytest.mark.parametrize("first", [7, -8, 2**32 + 1, -(2**40)])
def test_the_derivative_of_an_element_beyond_the_end_raises(first):
    y = np.array([first, 0, 1, 2, 3])
    for rows in (np.arange(5), np.arange(5)[:, None]):
        gradient = cr.jit(cr.grad(lambda x, y, r=rows: np.sum((x * x)[r, y.reshape(r.shape)])))
        with pytest.raises(IndexError, match="out of bounds"):
            gradient(np.ones((5, 7)), y)

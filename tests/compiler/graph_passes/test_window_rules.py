"""Laws for windows, folds and margins: fewer equations, and the same bits."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.graph.evaluate import evaluate
from chainrule.nn.layers.pooling import first_maximum
from chainrule.nn.layers.window_geometry import WindowGeometry
from chainrule.ops.primitives.windows import unfold


def seen(x, stride=2, start=0, every=1):
    """Windows that are made with step 1 and then sliced, as plain NumPy has it."""
    shown = np.lib.stride_tricks.sliding_window_view(x, (3, 4), axis=(1, 2))
    return shown[:, start::stride, ::3, :, ::every, :]


def rectified(x):
    return np.where(x <= 0, 0, x)


def pooled(x):
    return first_maximum(WindowGeometry((2, 2), (2, 2), (1, 1), "valid").unfold(rectified(x)), 2)


def grouped(x):
    shown = unfold(x, axes=(1, 2), sizes=(3, 2), strides=(2, 1), dilations=(1, 2))
    return np.tanh(shown.reshape(*shown.shape[:3], 2, 3, 3, 2))


PROGRAMS = [
    seen,
    lambda x: seen(x, 3, 1),
    lambda x: seen(x, 1, 2, every=2),
    lambda x: seen(x)[:, 1:3, ::2],
    lambda x: np.max(seen(x), axis=(4, 5)),
    lambda x: np.transpose(np.einsum("nxycij,ijc->nxyij", seen(x), np.ones((3, 4, 6))), (0, 2, 1, 4, 3)),  # noqa: E501
    grouped,
    pooled,
    rectified,
    lambda x: pooled(np.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0)))),
    lambda x: rectified(rectified(x) - 0.5) * rectified(x),
]  # fmt: skip


def picture():
    x = np.random.default_rng(0).integers(-3, 4, (2, 9, 11, 6)).astype(float)
    x.flat[::7] = -0.0
    x.flat[5::50] = np.nan
    x.flat[9::60] = np.inf
    return x


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_simplified_programs_and_their_derivatives_give_the_same_bits(number):
    function = PROGRAMS[number]

    def slopes(x):
        weights = np.cos(np.arange(function(x).size)).reshape(function(x).shape)
        return function(x), cr.grad(lambda x: np.sum(weights * function(x)))(x)

    graph = cr.trace(slopes)(picture())
    with np.errstate(all="ignore"):
        found, wanted = evaluate(simplify(graph), [picture()]), evaluate(graph, [picture()])
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.array_equal(np.signbit(one), np.signbit(other))


def test_slices_of_windows_are_windows():
    graph = simplify(cr.trace(lambda x: cr.grad(lambda x: np.sum(np.sin(seen(x))))(x))(picture()))
    names = [node.primitive.name for node in graph.equations]
    assert names.count("fold") == names.count("unfold") == 1
    assert not {"strided_slice", "pad_into"} & {*names}


def test_a_rectified_input_has_no_other_reader():
    graph = simplify(cr.trace(cr.grad(lambda x: np.sum(rectified(x - 1) ** 3)))(picture()))
    (shifted,) = (node for node in graph.equations if node.primitive.name == "subtract")
    readers = [
        node.primitive.name
        for node in graph.equations
        if any(each is shifted for each in node.inputs)
    ]
    assert sorted(readers) == ["less_equal", "select"]

"""Rewrite rules of windows: fewer equations that compute the same bits."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.graph.evaluate import evaluate
from chainrule.nn.layers.pooling import first_maximum
from chainrule.nn.layers.window_geometry import WindowGeometry
from chainrule.ops.primitives.windows import unfold


def strided_windows(x, stride=2, start=0, every=1):
    """All windows, sliced, as plain NumPy has them."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 4), axis=(1, 2))
    return windows[:, start::stride, ::3, :, ::every, :]


def rectified(x):
    return np.where(x <= 0, 0, x)


def pooled(x):
    return first_maximum(WindowGeometry((2, 2), (2, 2), (1, 1), "valid").unfold(rectified(x)), 2)


def grouped(x):
    windows = unfold(x, axes=(1, 2), sizes=(3, 2), strides=(2, 1), dilations=(1, 2))
    return np.tanh(windows.reshape(*windows.shape[:3], 2, 3, 3, 2))


PROGRAMS = [
    strided_windows,
    lambda x: strided_windows(x, 3, 1),
    lambda x: strided_windows(x, 1, 2, every=2),
    lambda x: strided_windows(x)[:, 1:3, ::2],
    lambda x: np.max(strided_windows(x), axis=(4, 5)),
    lambda x: np.transpose(np.einsum("nxycij,ijc->nxyij", strided_windows(x), np.ones((3, 4, 6))), (0, 2, 1, 4, 3)),  # noqa: E501
    grouped,
    pooled,
    rectified,
    lambda x: pooled(np.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0)))),
    lambda x: rectified(rectified(x) - 0.5) * rectified(x),
]  # fmt: skip


def images():
    x = np.random.default_rng(0).integers(-3, 4, (2, 9, 11, 6)).astype(float)
    x.flat[::7] = -0.0
    x.flat[5::50] = np.nan
    x.flat[9::60] = np.inf
    return x


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_simplified_programs_and_their_derivatives_give_the_same_bits(number):
    function = PROGRAMS[number]

    def value_and_gradient(x):
        weights = np.cos(np.arange(function(x).size)).reshape(function(x).shape)
        return function(x), cr.grad(lambda x: np.sum(weights * function(x)))(x)

    graph = cr.trace(value_and_gradient)(images())
    with np.errstate(all="ignore"):
        results, expected = evaluate(simplify(graph), [images()]), evaluate(graph, [images()])
    for one, other in zip(results, expected, strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.array_equal(np.signbit(one), np.signbit(other))


def test_slices_of_windows_become_strides():
    graph = simplify(
        cr.trace(lambda x: cr.grad(lambda x: np.sum(np.sin(strided_windows(x))))(x))(images())
    )
    names = [node.primitive.name for node in graph.equations]
    assert names.count("fold") == names.count("unfold") == 1
    assert not {"strided_slice", "pad_into"} & {*names}


def test_the_mask_of_a_rectifier_is_computed_from_its_output():
    graph = simplify(cr.trace(cr.grad(lambda x: np.sum(rectified(x - 1) ** 3)))(images()))
    (shifted,) = (node for node in graph.equations if node.primitive.name == "subtract")
    readers = [
        node.primitive.name
        for node in graph.equations
        if any(each is shifted for each in node.inputs)
    ]
    assert sorted(readers) == ["less_equal", "select"]


def graph_of(function, *shape):
    return str(simplify(cr.trace(function)(np.ones(shape)))).splitlines()[1:-2]


def test_a_slice_of_windows_is_strided_windows():
    def function(x):
        return unfold(x, axes=(0,), sizes=(3,), strides=(1,), dilations=(1,))[::2]

    assert graph_of(function, 9) == [
        "  a: f64[4,3] = unfold(x; axes=(0,), sizes=(3,), strides=(2,), dilations=(1,))"
    ]


def test_reversed_windows_stay_sliced():
    def function(x):
        return unfold(x, axes=(0,), sizes=(3,), strides=(1,), dilations=(1,))[::-1]

    assert [line.split("(")[0].split()[-1] for line in graph_of(function, 9)] == [
        "unfold",
        "strided_slice",
    ]


def test_a_merge_of_computed_axes_follows_elementwise_operations():
    assert graph_of(lambda x: np.sin(np.exp(x).reshape(6, 4)), 2, 3, 4) == [
        "  a: f64[2,3,4] = exp(x)",
        "  b: f64[2,3,4] = sin(a)",
        "  c: f64[6,4] = reshape(b; shape=(6,4))",
    ]


def test_a_merge_of_an_argument_stays_first():
    assert graph_of(lambda x: np.sin(x.reshape(6, 4)), 2, 3, 4) == [
        "  a: f64[6,4] = reshape(x; shape=(6,4))",
        "  b: f64[6,4] = sin(a)",
    ]

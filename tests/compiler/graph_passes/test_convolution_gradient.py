"""A convolution's input gradient: taps of each residue, and what the pattern matches."""

import itertools

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.graph_passes.convolution_gradient import (
    Taps,
    WindowAxis,
    input_gradients,
)
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.loops import Contraction
from tests.compiler.programs.loop_text import Loops, matrix


def convolved(x, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:1], axis=(1,))
    return np.einsum("nxci,ico->nxo", windows, kernel)


def gradient(x, kernel):
    return cr.grad(lambda x: np.sum(np.tanh(convolved(x, kernel))))(x)


def window_axis(size, stride, dilation, positions, start=0):
    length = (positions - 1) * stride + (size - 1) * dilation + 1
    return WindowAxis(1, "x", "i", size, stride, dilation, positions, start, length - start)


@pytest.mark.parametrize(
    ("size", "stride", "dilation"), [*itertools.product((1, 2, 3, 5), (1, 2, 3), (1, 2, 3))]
)
@pytest.mark.parametrize("start", [0, 1])
def test_the_taps_of_all_residues_are_those_of_the_fold(size, stride, dilation, start):
    """Folding adds g[p] * k[i] at position stride p + dilation i."""
    positions = 6
    axis = window_axis(size, stride, dilation, positions, start)
    expected = sorted(
        (stride * p + dilation * i - start, p, i)
        for p in range(positions)
        for i in range(size)
        if 0 <= stride * p + dilation * i - start < axis.length
    )
    terms = []
    for residue in range(stride):
        taps = axis.taps(residue)
        for q, t in itertools.product(range(taps.quotients), range(taps.count)):
            p = q - taps.before + taps.spacing * t
            if 0 <= p < positions:
                terms.append((stride * q + residue, p, taps.last - taps.step * t))
    assert sorted(terms) == expected


def test_padding_covers_every_position_that_is_read():
    for size, stride, dilation in itertools.product((1, 2, 3, 5), (1, 2, 3), (1, 2)):
        axis = window_axis(size, stride, dilation, 6)
        before, after = axis.padding()
        for taps in map(axis.taps, range(stride)):
            for q, t in itertools.product(range(taps.quotients), range(taps.count)):
                assert -before <= q - taps.before + taps.spacing * t < axis.positions + after


def test_a_residue_without_taps_is_empty():
    assert window_axis(1, 2, 1, 6).taps(1) == Taps(5)


def test_the_fold_of_a_contraction_becomes_one_contraction():
    loops = Loops(gradient, matrix(9, 12, 16), matrix(3, 16, 20))
    assert [type(item) for item in loops.items].count(Contraction) == 2
    nest, statement = loops.text(loops.lowered()[-1:]).splitlines()
    assert nest == "for i<9 j<12 k<16:"
    target, _, value = statement.partition(" = sum l<3 m<20: ")
    assert target.strip() == "result[i, j, k]"
    assert value == "subtract[i, j+l-2, m] * kernel[-1l+2, k, m] bounds j+l-2<10"


def matches(function, *arguments, min_work=0):
    graph = simplify(cr.trace(function)(*arguments))
    gradients, inner = input_gradients(graph, min_work)
    return len(gradients), len(inner)


def test_the_match_is_an_input_gradient_and_the_contraction_it_replaces():
    assert matches(gradient, matrix(9, 12, 16), matrix(3, 16, 20)) == (1, 1)


def test_small_contractions_are_not_matched():
    assert matches(gradient, matrix(1, 4, 1), matrix(3, 1, 1), min_work=4096) == (0, 0)


def test_contractions_with_other_uses_are_not_matched():
    def function(g, kernel):
        windows = np.einsum("nxo,ico->nxci", g, kernel)
        fold = cr.vjp(
            lambda x: np.lib.stride_tricks.sliding_window_view(x, (3,), axis=(1,)),
            matrix(9, 12, 16),
        )[1]
        return fold(windows)[0], np.sum(np.exp(windows))

    assert matches(function, matrix(9, 10, 20), matrix(3, 16, 20)) == (0, 0)

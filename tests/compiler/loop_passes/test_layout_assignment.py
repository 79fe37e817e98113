"""Data-layout assignment: arena buffers of short rows are column-major."""

import numpy as np

from chainrule.compiler.loop_ir.access import accesses
from chainrule.ops.primitives.contraction import contract
from tests.compiler.programs.loop_text import Loops, matrix


def strides_of(function, *arguments):
    """The strides of every buffer of two axes, by name."""
    loops = Loops(function, *arguments)
    buffers = {b for item in loops.items for b, _, _ in accesses(item)}
    return {b.name: loops.layout.strides(b) for b in buffers if len(b.shape) == 2}


def test_short_rows_of_the_arena_are_column_major_and_those_of_arguments_are_not():
    strides = strides_of(lambda x, w: np.exp(np.sin(x @ w)[::-1]), matrix(64, 50), matrix(50, 9))
    assert strides == {"x": (50, 1), "w": (9, 1), "contract": (1, 64), "result": (9, 1)}


def test_long_rows_are_row_major():
    strides = strides_of(lambda x, w: np.exp(np.sin(x @ w)[::-1]), matrix(64, 50), matrix(50, 40))
    assert strides["contract"] == (40, 1)


def test_aliased_buffers_are_row_major():
    """Their memory is read in another shape."""
    strides = strides_of(
        lambda x, w: np.exp(np.sin(x @ w).reshape(9, 64)[::-1]), matrix(64, 50), matrix(50, 9)
    )
    assert strides["contract"] == (9, 1)


def test_elementwise_buffers_have_the_layout_of_their_operands():
    strides = strides_of(
        lambda x, w: np.sum(np.exp(np.sin(x @ w)) * np.sin(x @ w), axis=0),
        matrix(64, 50),
        matrix(50, 9),
    )
    assert strides["contract"] == strides["sin"] == (1, 64)


def test_rows_that_are_read_for_all_points_of_another_axis_are_row_major():
    """Vectors of the outer product run along its last axis; those of what precedes, along rows."""
    strides = strides_of(
        lambda x, w: contract(x, np.exp(np.sin(x @ w)), spec="bi,bj->bij"),
        matrix(64, 50),
        matrix(50, 9),
    )
    assert strides["contract"] == (1, 64)
    assert strides["exp"] == (9, 1)

"""Rewriting: substitution acts on every index, and shared subexpressions stay shared."""

from dataclasses import replace

import numpy as np

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Contraction,
    IndexValue,
    IterationBound,
    Literal,
    Load,
    Statement,
)
from chainrule.compiler.loop_ir.rewrite import Rewriter, map_expression, rename_axes, substitute

FLOAT, INTEGER = np.dtype("float32"), np.dtype("int64")
ROW, COLUMN = Axis(4, "i"), Axis(4, "j")
X, Y = Buffer("input", FLOAT, (4,), "x"), Buffer("input", FLOAT, (4,), "y")
PERMUTATION = Buffer("input", INTEGER, (4,), "p")


def affine(*axes):
    return tuple(map(Affine.of, axes))


def add(one, other):
    return Apply("add", (one, other), one.dtype)


def test_substitution_reaches_loads_gathers_and_index_values():
    position = Load(PERMUTATION, affine(ROW))
    value = add(Load(X, (position,)), Apply("cast", (IndexValue(Affine.of(ROW), INTEGER),), FLOAT))
    gather, cast = substitute(value, {ROW: Affine.of(COLUMN, 2, 1)}).operands
    assert gather.index[0].index == (Affine.of(COLUMN, 2, 1),)
    assert cast.operands[0].index == Affine.of(COLUMN, 2, 1)


def test_a_shared_subexpression_is_rewritten_once():
    visited = []

    def access(buffer, index):
        visited.append(buffer)
        return buffer, index

    value = Load(X, affine(ROW))
    for _ in range(50):  # 2⁵⁰ paths, 51 nodes
        value = add(value, value)
    result = map_expression(value, access)
    assert result.operands[0] is result.operands[1]
    assert visited == [X]


def test_one_rewriter_keeps_what_statements_share():
    position = Load(PERMUTATION, affine(ROW))
    statements = [Statement(Y, affine(ROW), Load(X, (position,))) for _ in range(2)]
    first, second = map(Rewriter().statement, statements)
    assert first.value.index[0] is second.value.index[0]


def test_accesses_are_mapped_before_their_indices():
    index = map_expression(
        Load(X, affine(ROW)),
        access=lambda buffer, index: (Y, (index[0] + Affine(1),)),
        index=lambda index: index.scaled(2),
    )
    assert index.buffer is Y
    assert index.index == (Affine.of(ROW, 2, 2),)


def test_literals_are_left_alone():
    literal = Literal(np.float32(1), FLOAT)
    assert map_expression(literal) is literal


def test_a_contraction_is_rewritten_with_its_bounds():
    bound = IterationBound(Affine.of(ROW) + Affine.of(COLUMN), 4)
    item = Contraction(
        Y, affine(ROW), Load(X, affine(COLUMN)), Load(X, affine(COLUMN)), (COLUMN,), bounds=(bound,)
    )
    shifted = Rewriter(index=lambda index: index.substitute({ROW: Affine(3)})).contraction(item)
    assert shifted.index == (Affine(3),)
    assert shifted.bounds == (replace(bound, index=Affine.of(COLUMN, constant=3)),)
    assert shifted.depth == (COLUMN,)


def test_renaming_axes_renames_reduced_axes_too():
    item = Statement(Y, affine(ROW), Load(X, affine(COLUMN)), "sum", (COLUMN,))
    renamed = rename_axes(item, {ROW: COLUMN, COLUMN: ROW})
    assert (renamed.index, renamed.value.index, renamed.over) == (
        affine(COLUMN),
        affine(ROW),
        (ROW,),
    )
    assert rename_axes(item, {ROW: ROW}) is item

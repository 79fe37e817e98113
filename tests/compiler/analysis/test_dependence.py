"""Dependence tests agree with the elements that affine accesses name in each iteration."""

import itertools

import numpy as np
import pytest

from chainrule.compiler.analysis.dependence import (
    AccessSet,
    are_disjoint,
    are_distinct,
    overlap_in_memory,
    same_iteration,
)
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer

FLOAT = np.dtype("float32")
ROW, COLUMN, TIME = Axis(3, "i"), Axis(4, "j"), Axis(5, "t", is_loop_index=True)
BUFFER = Buffer("arena", FLOAT, (40, 40))

INDICES = [
    (Affine.of(ROW, constant=a), Affine.of(COLUMN, step, b))
    for a, b, step in itertools.product((0, 1, 3), (0, 4), (1, 2))
] + [(Affine.of(COLUMN), Affine.of(ROW)), (Affine(2), Affine.of(COLUMN)), (Affine(9), Affine())]


def elements(index):
    """The element of each iteration."""
    return {
        (i, j): tuple(
            place.constant + place.coefficient(ROW) * i + place.coefficient(COLUMN) * j
            for place in index
        )
        for i, j in itertools.product(range(ROW.extent), range(COLUMN.extent))
    }


@pytest.mark.parametrize("one", INDICES)
def test_what_the_tests_prove_is_true_of_all_elements(one):
    for other in INDICES:
        first, second = elements(one), elements(other)
        if are_disjoint(one, other):
            assert not set(first.values()) & set(second.values())
        if are_distinct(one, other):
            assert all(first[point] != second[point] for point in first)
        if same_iteration(BUFFER, one, BUFFER, other, (ROW, COLUMN)):
            pairs = itertools.product(first, second)
            assert all(p == q for p, q in pairs if first[p] == second[q])


def test_neighbouring_slices_are_disjoint_and_overlapping_ones_are_not():
    assert are_disjoint([Affine.of(ROW)], [Affine.of(ROW, constant=3)])
    assert not are_disjoint([Affine.of(ROW)], [Affine.of(ROW, constant=2)])
    assert are_disjoint([Affine.of(ROW, -1)], [Affine.of(COLUMN, constant=1)])


def test_slices_that_move_with_a_loop_are_compared_within_one_iteration_of_it():
    moving = Affine.of(TIME) + Affine.of(ROW)
    assert are_disjoint([moving], [moving + Affine(3)])
    assert not are_disjoint([moving], [Affine(7)])
    assert not are_disjoint([moving], [Affine.of(ROW, constant=9)])


def test_a_diagonal_access_is_not_pinned_to_one_iteration():
    diagonal = [Affine.of(ROW) + Affine.of(COLUMN)]
    assert not same_iteration(BUFFER, diagonal, BUFFER, diagonal, (ROW, COLUMN))
    assert not same_iteration(BUFFER, [Affine.of(ROW)], BUFFER, [Affine.of(ROW)], (ROW, COLUMN))
    assert same_iteration(BUFFER, [Affine.of(ROW)], BUFFER, [Affine.of(ROW)], (ROW,))


def test_an_alias_is_another_shape_so_iterations_may_overlap():
    alias = Buffer("alias", FLOAT, (1600,), base=BUFFER)
    assert not same_iteration(BUFFER, [Affine.of(ROW)], alias, [Affine.of(ROW)], (ROW,))


def test_steps_conflict_where_one_writes_what_the_other_touches():
    alias = Buffer("alias", FLOAT, (1600,), base=BUFFER)
    reader = AccessSet.of([(BUFFER, (), False)])
    writer = AccessSet.of([(alias, (), True)])
    assert not reader.conflicts_with(reader)
    assert writer.conflicts_with(writer)
    assert reader.conflicts_with(writer)
    assert writer.conflicts_with(reader)
    assert not writer.conflicts_with(AccessSet.of([(Buffer("arena", FLOAT, (1,)), (), True)]))


def test_buffers_overlap_in_memory_exactly_where_their_byte_ranges_do():
    one, other = Buffer("arena", FLOAT, (4,)), Buffer("arena", FLOAT, (2,))
    assert overlap_in_memory(one, other, {one: 0, other: 12})
    assert not overlap_in_memory(one, other, {one: 0, other: 16})
    assert overlap_in_memory(one, one, {})
    assert not overlap_in_memory(one, other, {one: 0})

"""Independence of batch rows: ownership by an axis or by equal parts of memory, agreed by all."""

import numpy as np

from chainrule.compiler.analysis.independence import (
    RowOwnership,
    is_batch_independent,
    ownership_keys,
)
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Load, Nest, Statement

FLOAT = np.dtype("float32")
ROW, UNIT = Axis(8, "row"), Axis(4, "unit")
STATE = Buffer("arena", FLOAT, (8, 4), "state")
WEIGHT = Buffer("input", FLOAT, (4, 4), "weight")
FLAT = Buffer("alias", FLOAT, (32,), "flat", base=STATE)

BY_ROW = (Affine.of(ROW), Affine.of(UNIT))
REVERSED = (Affine.of(ROW, -1, 7), Affine.of(UNIT))


def keyed(buffer, index, is_write, layout=None):
    access = buffer, index, is_write
    return [(*access, ownership_keys(access, ROW, layout or Layout()))]


def nest(target, index, source, source_index):
    statement = Statement(target, index, Load(source, source_index))
    return Nest((ROW, UNIT), UNIT, (statement,))


def test_an_access_by_row_owns_the_axis_and_equal_parts_of_memory():
    assert ownership_keys((STATE, BY_ROW, True), ROW, Layout()) == {(STATE, 0), (STATE, -1)}


def test_rows_of_a_column_major_buffer_own_no_consecutive_part():
    layout = Layout(frozenset([STATE]))
    assert ownership_keys((STATE, BY_ROW, True), ROW, layout) == {(STATE, 0)}


def test_a_flat_alias_agrees_with_the_rows_of_its_buffer_by_memory():
    flat = (Affine.of(ROW, 4) + Affine.of(UNIT),)
    ownership = RowOwnership()
    assert ownership.admit(keyed(STATE, BY_ROW, True))
    assert ownership.admit(keyed(FLAT, flat, False))
    assert not ownership.admit(keyed(FLAT, (flat[0] + Affine(1),), False))


def test_what_is_only_read_may_be_shared_by_all_rows():
    ownership = RowOwnership()
    assert ownership.admit(keyed(WEIGHT, (Affine.of(UNIT), Affine.of(UNIT)), False))
    assert not ownership.admit(keyed(WEIGHT, (Affine.of(UNIT), Affine.of(UNIT)), True))


def test_a_refused_nest_leaves_ownership_as_it_was():
    ownership = RowOwnership()
    assert ownership.admit(keyed(STATE, BY_ROW, True))
    assert not ownership.admit(keyed(STATE, REVERSED, False))
    assert ownership.admit(keyed(STATE, BY_ROW, False))


def test_steps_that_read_other_rows_than_they_write_are_dependent():
    other = Buffer("arena", FLOAT, (8, 4), "other")
    forward, back = nest(other, BY_ROW, STATE, BY_ROW), nest(STATE, BY_ROW, other, BY_ROW)
    assert is_batch_independent([forward, back], [ROW, ROW])
    reverse = nest(STATE, BY_ROW, other, REVERSED)
    assert not is_batch_independent([forward, reverse], [ROW, ROW])


def test_registers_of_a_nest_carry_no_dependence():
    register = Buffer("arena", FLOAT, (4,), "register")
    statement = Statement(register, (Affine.of(UNIT),), Load(STATE, BY_ROW))
    assert not is_batch_independent([Nest((ROW, UNIT), UNIT, (statement,))], [ROW])
    registers = frozenset([register])
    kept = Nest((ROW, UNIT), UNIT, (statement,), registers=registers)
    assert is_batch_independent([kept], [ROW])

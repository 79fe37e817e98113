"""Ways to break programs beyond one statement: buffers, contractions, nests, loops."""

from dataclasses import replace

import numpy as np

from chainrule.compiler.loop_ir.expressions import axes_of
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Buffer,
    Contraction,
    IterationBound,
    Literal,
    Load,
    Loop,
    Nest,
    Statement,
)

# Buffers.
from tests.compiler.programs.breakage import (
    HALF,
    STRANGER,
    WHOLE,
    at,
    of,
    with_load,
)


@of(Statement, "is input memory, to which programs do not write")
def writing_to_an_input(part):
    return replace(part, target=replace(part.target, kind="input"))


@of(Statement, "is of kind heap, which the grammar does not have")
def using_memory_of_an_unknown_kind(part):
    return with_load(part, kind="heap")


@of(Statement, "an alias, and only that, shows a buffer")
def an_alias_of_nothing(part):
    return with_load(part, kind="alias")


@of(Statement, "is an alias of an alias")
def an_alias_of_an_alias(part):
    base = Buffer("alias", part.value.dtype, (), base=part.target)
    return with_load(part, kind="alias", base=base)


@of(Statement, "is an alias of .* which has 2 numbers")
def an_alias_of_another_size(part):
    return with_load(part, kind="alias", base=Buffer("input", part.value.dtype, (2,)))


@of(Statement, "a constant, and only that, has a value")
def a_constant_without_a_value(part):
    return with_load(part, kind="constant")


@of(Statement, "differ in shape or kind of number")
def a_constant_of_another_shape(part):
    return with_load(part, kind="constant", value=np.zeros(3, part.value.dtype))


@of(Statement, "is read before anything is stored there")
def reading_what_nobody_has_stored(part):
    return with_load(part, kind="arena")


# Products.


@of(Contraction, "outside of an axis of")
def a_product_that_reads_before_the_beginning(part):
    index = at(part.left.index, 0, part.left.index[0] + Affine(-1))
    return replace(part, left=replace(part.left, index=index))


@of(Contraction, "is summed over and stands in no operand")
def a_product_without_its_depth(part):
    return replace(part, depth=(*part.depth, STRANGER))


@of(Contraction, "is not defined here")
def a_product_whose_left_side_has_an_axis_of_its_own(part):
    buffer = replace(part.left.buffer, shape=(STRANGER.extent,))
    return replace(part, left=Load(buffer, (Affine.of(STRANGER),)))


@of(Contraction, "has more than one axis")
def a_product_with_two_axes_in_one_place(part):
    if len(part.axes) != 2:
        return None
    row, column = part.axes
    buffer = replace(part.target, shape=(row.extent + column.extent,))
    return replace(part, target=buffer, index=(Affine.of(row) + Affine.of(column),))


@of(Contraction, "floats of one kind")
def a_product_of_two_kinds_of_numbers(part):
    buffer = replace(part.left.buffer, dtype=np.dtype("float64"))
    return replace(part, left=replace(part.left, buffer=buffer))


@of(Contraction, "looks up no positions")
def a_product_that_looks_up(part):
    index = at(part.left.index, 0, Literal(np.int64(0), WHOLE))
    return replace(part, left=replace(part.left, index=index))


@of(Contraction, "reads .* which it writes")
def a_product_over_its_own_left_side(part):
    if len(part.axes) != 2:
        return None
    row, column = part.axes
    extent = max(row.extent, column.extent, *(axis.extent for axis in part.depth))
    buffer = Buffer("arena", part.target.dtype, (extent, extent))
    index, place = (Affine.of(row), Affine.of(column)), (Affine.of(row), Affine.of(part.depth[0]))
    return replace(part, target=buffer, index=index, left=Load(buffer, place))


@of(Contraction, "outside of an axis of")
def a_product_within_less_than_it_reads(part):
    far = tuple(replace(each, length=each.length + 1) for each in part.bounds)
    return replace(part, bounds=far) if part.bounds else None


@of(Contraction, "is not of an axis of the result and an upward one of the sum")
def a_bound_of_the_result_alone(part):
    bounds = tuple(IterationBound(Affine.of(each.index.terms[0][0]), 1) for each in part.bounds)
    return replace(part, bounds=(*part.bounds, *bounds)) if part.bounds else None


@of(Contraction, "has two bounds")
def two_bounds_for_one_axis(part):
    return replace(part, bounds=part.bounds * 2) if part.bounds else None


# Nests.


@of(Nest, "is neither the last axis of the nest nor one of its only statement|and no vector axis")
def lanes_along_a_stranger(part):
    return replace(part, vector_axis=STRANGER)


@of(Nest, "the axes of a nest are distinct")
def running_over_an_axis_twice(part):
    return replace(part, axes=part.axes * 2) if part.axes else None


@of(Nest, "is none of the statement that stores|has the axes of its place")
def running_over_a_stranger(part):
    axes = (STRANGER, *part.axes)
    return replace(part, axes=axes) if part.statements or part.contraction else None


@of(Nest, "is kept in registers and is output memory")
def an_output_in_registers(part):
    targets = {each.target for each in part.statements if each.target.kind == "output"}
    return replace(part, registers=part.registers | targets) if targets else None


@of(Nest, "is kept in registers, and nothing is stored there")
def an_empty_register(part):
    return replace(part, registers=part.registers | {Buffer("arena", HALF, ())})


@of(Nest, "touch .* at different points")
def reading_another_point_of_the_nest(part):
    writers = [each for each in part.statements if each.reduction != "scatter_add"]
    if not part.axes or not writers or part.vector_axis not in (None, part.axes[-1]):
        return None
    source = writers[-1]
    index = tuple(
        Affine() if isinstance(i, Affine) and part.axes[0] in dict(i.terms) else i
        for i in source.index
    )
    target = Buffer("arena", source.target.dtype, tuple(axis.extent for axis in part.axes))
    others = {a: Affine() for a in axes_of(source) if a not in part.axes}
    value = Load(source.target, tuple(i.substitute(others) for i in index))
    reader = Statement(target, tuple(map(Affine.of, part.axes)), value)
    return replace(part, statements=(*part.statements, reader))


@of(Nest, "the epilogue of a contraction reduces nothing")
def an_epilogue_that_reduces(part):
    if part.contraction is None:
        return None
    target = Buffer("arena", WHOLE, tuple(axis.extent for axis in part.axes))
    value, index = Literal(np.int64(1), WHOLE), tuple(map(Affine.of, part.axes))
    total = Statement(target, index, value, "sum", (STRANGER,))
    return replace(part, statements=(*part.statements, total))


# Loops.


@of(Loop, "is not marked as a loop index")
def repeating_along_a_plain_axis(part):
    return replace(part, axis=replace(part.axis, is_loop_index=False))


@of(Loop, "has at least one iteration")
def repeating_never(part):
    return replace(part, axis=replace(part.axis, extent=0))


@of(Loop, "is repeated within itself")
def repeating_within_the_same_turns(part):
    return replace(part, steps=(part,))

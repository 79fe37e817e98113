"""Mutations of buffers, contractions, nests and loops, each of which the verifier must reject."""

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
from tests.compiler.programs.statement_mutations import (
    FLOAT16,
    FOREIGN,
    INT64,
    mutation,
    replace_index,
    with_load,
)

# Buffers.


@mutation(Statement, "is input memory, which is read-only")
def write_to_an_input(part):
    return replace(part, target=replace(part.target, kind="input"))


@mutation(Statement, "is of unknown kind heap")
def buffer_of_an_unknown_kind(part):
    return with_load(part, kind="heap")


@mutation(Statement, "aliases, and no others, have a base")
def alias_without_a_base(part):
    return with_load(part, kind="alias")


@mutation(Statement, "is an alias of an alias")
def alias_of_an_alias(part):
    base = Buffer("alias", part.value.dtype, (), base=part.target)
    return with_load(part, kind="alias", base=base)


@mutation(Statement, "is an alias of .* which has 2 elements")
def alias_of_another_size(part):
    return with_load(part, kind="alias", base=Buffer("input", part.value.dtype, (2,)))


@mutation(Statement, "constants, and no others, have a value")
def constant_without_a_value(part):
    return with_load(part, kind="constant")


@mutation(Statement, "differ in shape or dtype")
def constant_of_another_shape(part):
    return with_load(part, kind="constant", value=np.zeros(3, part.value.dtype))


@mutation(Statement, "is read before it is written")
def read_uninitialized_memory(part):
    return with_load(part, kind="arena")


# Contractions.


@mutation(Contraction, "out of bounds for an axis of")
def contraction_reading_before_the_start(part):
    index = replace_index(part.left.index, 0, part.left.index[0] + Affine(-1))
    return replace(part, left=replace(part.left, index=index))


@mutation(Contraction, "depth axis .* occurs in no operand")
def contraction_depth_in_no_operand(part):
    return replace(part, depth=(*part.depth, FOREIGN))


@mutation(Contraction, "is undefined")
def contraction_with_an_undefined_axis_on_the_left(part):
    buffer = replace(part.left.buffer, shape=(FOREIGN.extent,))
    return replace(part, left=Load(buffer, (Affine.of(FOREIGN),)))


@mutation(Contraction, "has more than one axis")
def contraction_storing_by_two_axes_in_one_index(part):
    if len(part.axes) != 2:
        return None
    row, column = part.axes
    buffer = replace(part.target, shape=(row.extent + column.extent,))
    return replace(part, target=buffer, index=(Affine.of(row) + Affine.of(column),))


@mutation(Contraction, "one floating dtype")
def contraction_of_mixed_dtypes(part):
    buffer = replace(part.left.buffer, dtype=np.dtype("float64"))
    return replace(part, left=replace(part.left, buffer=buffer))


@mutation(Contraction, "a contraction gathers from")
def contraction_with_a_gather(part):
    index = replace_index(part.left.index, 0, Literal(np.int64(0), INT64))
    return replace(part, left=replace(part.left, index=index))


@mutation(Contraction, "a contraction reads its target")
def contraction_overwriting_its_left_operand(part):
    if len(part.axes) != 2:
        return None
    row, column = part.axes
    extent = max(row.extent, column.extent, *(axis.extent for axis in part.depth))
    buffer = Buffer("arena", part.target.dtype, (extent, extent))
    index, source = (Affine.of(row), Affine.of(column)), (Affine.of(row), Affine.of(part.depth[0]))
    return replace(part, target=buffer, index=index, left=Load(buffer, source))


@mutation(Contraction, "out of bounds for an axis of")
def bound_longer_than_its_operand(part):
    far = tuple(replace(each, length=each.length + 1) for each in part.bounds)
    return replace(part, bounds=far) if part.bounds else None


@mutation(Contraction, "is not an axis of the result plus a positive multiple of depth")
def bound_without_a_depth_axis(part):
    bounds = tuple(IterationBound(Affine.of(each.index.terms[0][0]), 1) for each in part.bounds)
    return replace(part, bounds=(*part.bounds, *bounds)) if part.bounds else None


@mutation(Contraction, "has two bounds")
def two_bounds_of_one_axis(part):
    return replace(part, bounds=part.bounds * 2) if part.bounds else None


# Nests.


@mutation(
    Nest, "is neither the last axis of the nest nor one of its only statement|and no vector axis"
)
def vector_axis_outside_the_nest(part):
    return replace(part, vector_axis=FOREIGN)


@mutation(Nest, "the axes of a nest are distinct")
def nest_with_an_axis_twice(part):
    return replace(part, axes=part.axes * 2) if part.axes else None


@mutation(Nest, "is not one of the statement that writes|has the axes of its target")
def nest_over_an_unused_axis(part):
    axes = (FOREIGN, *part.axes)
    return replace(part, axes=axes) if part.statements or part.contraction else None


@mutation(Nest, "is in registers and is output memory")
def output_in_registers(part):
    targets = {each.target for each in part.statements if each.target.kind == "output"}
    return replace(part, registers=part.registers | targets) if targets else None


@mutation(Nest, "is in registers and is never written")
def register_that_is_never_written(part):
    return replace(part, registers=part.registers | {Buffer("arena", FLOAT16, ())})


@mutation(Nest, "a dependence by .* is carried between iterations")
def read_another_iteration_of_the_nest(part):
    writers = [each for each in part.statements if not each.is_scatter]
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


@mutation(Nest, "an epilogue has no reductions")
def reduction_in_an_epilogue(part):
    if part.contraction is None:
        return None
    target = Buffer("arena", INT64, tuple(axis.extent for axis in part.axes))
    value, index = Literal(np.int64(1), INT64), tuple(map(Affine.of, part.axes))
    total = Statement(target, index, value, "sum", (FOREIGN,))
    return replace(part, statements=(*part.statements, total))


# Loops.


@mutation(Loop, "is not marked as a loop index")
def loop_over_an_axis_that_is_no_loop_index(part):
    return replace(part, axis=replace(part.axis, is_loop_index=False))


@mutation(Loop, "has at least one iteration")
def loop_without_iterations(part):
    return replace(part, axis=replace(part.axis, extent=0))


@mutation(Loop, "is the index of a loop around")
def loop_nested_in_itself(part):
    return replace(part, steps=(part,))


# Conditions.


def with_condition(part, **changes):
    """Replace fields of the buffer that a loop tests."""
    if part.condition is None:
        return None
    buffer, index = part.condition.element.buffer, part.condition.element.index
    element = Load(replace(buffer, **changes), index)
    return replace(part, condition=replace(part.condition, element=element))


@mutation(Loop, "is the condition of a loop and is int64, not bool")
def condition_that_is_no_boolean(part):
    return with_condition(part, dtype=INT64)


@mutation(Loop, "is tested before it is written")
def condition_that_is_not_stored_before(part):
    return with_condition(part, kind="arena")


@mutation(Loop, "has 1 axes and 0 indices")
def condition_at_no_element(part):
    return with_condition(part, shape=(3,))


@mutation(Loop, "never stores its condition")
def condition_that_is_never_stored_again(part):
    if part.condition is None or part.axis.extent == 1:
        return None
    return replace(part, steps=part.steps[1:])


@mutation(Loop, "is partitioned among threads, and a condition is for all rows")
def condition_of_a_parallel_loop(part):
    return replace(part, is_parallel=True) if part.condition is not None else None


@mutation(Loop, "is read before it is written|is never written")
def branch_without_the_other_one(part):
    """Both branches run where the same condition holds: none of them, where it does not."""
    if part.condition is None or not part.condition.is_until:
        return None
    return replace(part, condition=replace(part.condition, is_until=False))


@mutation(Loop, "and another nest touches it")
def condition_in_a_register(part):
    """Only where the nest that stores it is the only one that touches it."""
    if part.condition is None or part.axis.extent == 1:
        return None
    tested = part.condition.element.buffer

    def promoted(step):
        stores = isinstance(step, Nest) and any(s.target is tested for s in step.statements)
        return replace(step, registers=step.registers | {tested}) if stores else step

    return replace(part, steps=tuple(map(promoted, part.steps)))

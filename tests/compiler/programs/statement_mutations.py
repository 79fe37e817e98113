"""Mutations of the statements of a program, each of which the verifier must reject.

Each takes a part of a program and returns an invalid one, or None where it does not apply; its
decorator gives the message of the verifier.
"""

from dataclasses import replace

import numpy as np

from chainrule.compiler.loop_ir.expressions import axes_of
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    IndexValue,
    Literal,
    Load,
    Loop,
    Nest,
    Statement,
)

INT64, FLOAT16 = np.dtype("int64"), np.dtype("float16")


FOREIGN = Axis(3, "foreign")

MUTATIONS = {}


def mutation(part_type, message):
    """Register a mutation of parts of a type, and the verifier's message."""

    def register(function):
        def change(part):
            return function(part) if isinstance(part, part_type) else None

        MUTATIONS[function.__name__] = change, message
        return function

    return register


def mutated(steps, change):
    """Yield one copy of the steps for each part that can be mutated."""
    for number, step in enumerate(steps):
        for other in [change(step), *_inside(step, change)]:
            if other is not None:
                yield (*steps[:number], other, *steps[number + 1 :])


def _inside(step, change):
    if isinstance(step, Loop):
        yield from (replace(step, steps=inner) for inner in mutated(step.steps, change))
    elif isinstance(step, Nest):
        parts = mutated(step.statements, change)
        yield from (replace(step, statements=inner) for inner in parts)
        if step.contraction is not None and (contraction := change(step.contraction)) is not None:
            yield replace(step, contraction=contraction)


def with_operand(part, operand):
    """Return a statement whose value has one more operand."""
    if part.reduction == "dot":
        first, second = part.value.operands
        more = Apply("add", (operand, first), first.dtype)
        return replace(part, value=replace(part.value, operands=(more, second)))
    return replace(part, value=Apply("add", (operand, part.value), part.value.dtype))


def with_index_value(part, index, dtype=INT64):
    """Return a statement whose value also adds an index."""
    index_value = Apply("cast", (IndexValue(index, dtype),), part.value.dtype)
    return with_operand(part, index_value)


def with_load(part, **fields):
    """Return a statement that also loads from a buffer of one element."""
    attributes = {"kind": "input", "dtype": part.value.dtype, "shape": ()} | fields
    return with_operand(part, Load(Buffer(**attributes), ()))


def replace_index(index, number, entry):
    return (*index[:number], entry, *index[number + 1 :])


def affine_indices(part):
    return [n for n, entry in enumerate(part.index) if isinstance(entry, Affine)]


# Axes and indices.


@mutation(Statement, "is undefined")
def index_by_an_undefined_axis(part):
    return with_index_value(part, Affine.of(FOREIGN))


@mutation(Statement, "occurs twice")
def reduce_twice_over_an_axis(part):
    return replace(part, over=part.over * 2) if part.over else None


@mutation(Statement, "is the index of a loop")
def reduce_over_a_loop_index(part):
    return replace(part, over=(*part.over, Axis(3, "t", is_loop_index=True)))


@mutation(Statement, "out of bounds for an axis of")
def store_out_of_bounds(part):
    for number in affine_indices(part):
        beyond = part.index[number] + Affine(part.target.shape[number])
        return replace(part, index=replace_index(part.index, number, beyond))
    return None


@mutation(Statement, "axes and .* indices")
def too_many_indices(part):
    return replace(part, index=(*part.index, Affine()))


@mutation(Statement, "not in canonical order")
def two_terms_of_one_axis(part):
    for axis in axes_of(part):
        return with_index_value(part, Affine(0, ((axis, 1), (axis, 1))))
    return None


@mutation(Statement, "a gather index of .* is float16, not int64")
def gather_by_a_float_index(part):
    buffer, index = Buffer("input", part.value.dtype, (4,)), Literal(np.float16(1), FLOAT16)
    return with_operand(part, Load(buffer, (index,)))


@mutation(Statement, "only a scatter stores at an index that is an expression")
def store_by_a_gathered_index(part):
    if part.is_scatter or not part.index or axes_of(part):
        return None
    return replace(part, index=replace_index(part.index, 0, Literal(np.int64(0), INT64)))


@mutation(Statement, "write the same element")
def write_one_element_in_two_iterations(part):
    axes = [axis for axis in axes_of(part) if axis.extent > 1]
    if len(axes) < 2 or part.is_scatter:
        return None
    shape = (sum(axis.extent for axis in axes),)
    target = replace(part.target, shape=shape)
    flattened = Affine(0, tuple((a, 1) for a in sorted(axes, key=lambda axis: axis.serial)))
    return replace(part, target=target, index=(flattened,))


@mutation(Statement, "at another index than the one that is written")
def read_its_target_at_another_index(part):
    for number in affine_indices(part):
        if part.index[number].terms and part.value.dtype == part.target.dtype:
            elsewhere = replace_index(part.index, number, Affine())
            return with_operand(part, Load(part.target, elsewhere))
    return None


# Dtypes.


@mutation(Statement, "is float16 and is assigned")
def store_another_dtype(part):
    return replace(part, target=replace(part.target, dtype=FLOAT16))


@mutation(Statement, "takes operands of one dtype")
def mix_dtypes(part):
    return with_operand(part, Literal(np.float16(1), FLOAT16))


@mutation(Statement, "gives bool, not float16")
def comparison_with_a_float_result(part):
    return replace(part, value=Apply("less", (part.value, part.value), FLOAT16))


@mutation(Statement, "the literal .* is not")
def literal_of_another_dtype(part):
    return with_operand(part, Literal(np.float16(1), part.value.dtype))


@mutation(Statement, "an index value is an integer")
def index_value_of_a_float_dtype(part):
    return with_index_value(part, Affine(), FLOAT16)


@mutation(Statement, "a cast takes one operand")
def cast_of_two_operands(part):
    return replace(part, value=Apply("cast", (part.value, part.value), FLOAT16))


# Reductions.


@mutation(Statement, "unknown reduction product")
def unknown_reduction(part):
    return replace(part, reduction="product")


@mutation(Statement, "if and only if it has a reduction|is undefined")
def reduction_without_axes(part):
    return replace(part, over=()) if part.reduction and not part.is_scatter else None


@mutation(Statement, "is reduced and indexes the target|reduces one axis")
def reduce_over_a_stored_axis(part):
    axes = axes_of(part)
    if not axes or part.is_scatter or part.reduction in ("", "prefix_sum"):
        return None
    return replace(part, over=(*part.over, axes[0]))


@mutation(Statement, "does not index the target")
def prefix_sum_over_an_axis_that_is_not_stored(part):
    return replace(part, over=(FOREIGN,)) if part.reduction == "prefix_sum" else None


@mutation(Statement, "dot reduces a product")
def dot_without_a_product(part):
    if part.reduction != "dot":
        return None
    return replace(part, value=replace(part.value, operation="add"))

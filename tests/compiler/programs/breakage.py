"""Ways to break programs, for the tests of the checker.

Each takes a part of a program and returns a broken one, or None where it does not apply; beside it
stands what the checker has to say.
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

WHOLE, HALF = np.dtype("int64"), np.dtype("float16")


STRANGER = Axis(3, "stranger")


BREAKAGES = {}


def of(kind, message):
    """Register a way to break parts of a kind."""

    def register(function):
        def change(part):
            return function(part) if isinstance(part, kind) else None

        BREAKAGES[function.__name__] = change, message
        return function

    return register


def altered(steps, change):
    """Yield the steps again and again, each time with one part of them changed."""
    for number, step in enumerate(steps):
        for other in [change(step), *_inside(step, change)]:
            if other is not None:
                yield (*steps[:number], other, *steps[number + 1 :])


def _inside(step, change):
    if isinstance(step, Loop):
        yield from (replace(step, steps=inner) for inner in altered(step.steps, change))
    elif isinstance(step, Nest):
        parts = altered(step.statements, change)
        yield from (replace(step, statements=inner) for inner in parts)
        if step.contraction is not None and (contraction := change(step.contraction)) is not None:
            yield replace(step, contraction=contraction)


def with_operand(part, operand):
    """Return a statement whose value has one operand more."""
    if part.reduction == "dot":
        first, second = part.value.operands
        more = Apply("add", (operand, first), first.dtype)
        return replace(part, value=replace(part.value, operands=(more, second)))
    return replace(part, value=Apply("add", (operand, part.value), part.value.dtype))


def with_position(part, index, dtype=WHOLE):
    """Return a statement whose value also counts along an index."""
    position = Apply("cast", (IndexValue(index, dtype),), part.value.dtype)
    return with_operand(part, position)


def with_load(part, **fields):
    """Return a statement that also loads from a buffer of one number."""
    given = {"kind": "input", "dtype": part.value.dtype, "shape": ()} | fields
    return with_operand(part, Load(Buffer(**given), ()))


def at(index, number, place):
    return (*index[:number], place, *index[number + 1 :])


def affine_places(part):
    return [n for n, place in enumerate(part.index) if isinstance(place, Affine)]


# Axes and places.


@of(Statement, "is not defined here")
def reading_along_an_axis_that_nobody_runs_over(part):
    return with_position(part, Affine.of(STRANGER))


@of(Statement, "run over twice")
def reducing_over_an_axis_twice(part):
    return replace(part, over=part.over * 2) if part.over else None


@of(Statement, "is the index of a loop")
def reducing_over_turns(part):
    return replace(part, over=(*part.over, Axis(3, "t", is_loop_index=True)))


@of(Statement, "outside of an axis of")
def storing_beyond_the_end(part):
    for number in affine_places(part):
        place = part.index[number] + Affine(part.target.shape[number])
        return replace(part, index=at(part.index, number, place))
    return None


@of(Statement, "axes and .* indices")
def giving_an_index_too_many(part):
    return replace(part, index=(*part.index, Affine()))


@of(Statement, "not in the order of their axes")
def naming_an_axis_twice_in_an_index(part):
    for axis in axes_of(part):
        return with_position(part, Affine(0, ((axis, 1), (axis, 1))))
    return None


@of(Statement, "a position in .* is float16, not int64")
def looking_up_at_a_fraction(part):
    buffer, place = Buffer("input", part.value.dtype, (4,)), Literal(np.float16(1), HALF)
    return with_operand(part, Load(buffer, (place,)))


@of(Statement, "only scatter looks up")
def looking_up_where_to_store(part):
    if part.reduction == "scatter_add" or not part.index or axes_of(part):
        return None
    return replace(part, index=at(part.index, 0, Literal(np.int64(0), WHOLE)))


@of(Statement, "write the same place")
def letting_two_points_write_one_place(part):
    own = [axis for axis in axes_of(part) if axis.extent > 1]
    if len(own) < 2 or part.reduction == "scatter_add":
        return None
    shape = (sum(axis.extent for axis in own),)
    target = replace(part.target, shape=shape)
    place = Affine(0, tuple((a, 1) for a in sorted(own, key=lambda axis: axis.serial)))
    return replace(part, target=target, index=(place,))


@of(Statement, "at another place than the one that is written")
def reading_elsewhere_what_it_writes(part):
    for number in affine_places(part):
        if part.index[number].terms and part.value.dtype == part.target.dtype:
            elsewhere = at(part.index, number, Affine())
            return with_operand(part, Load(part.target, elsewhere))
    return None


# Kinds of numbers.


@of(Statement, "holds float16 and is given")
def storing_another_kind_of_number(part):
    return replace(part, target=replace(part.target, dtype=HALF))


@of(Statement, "takes operands of one kind")
def mixing_kinds_of_numbers(part):
    return with_operand(part, Literal(np.float16(1), HALF))


@of(Statement, "gives bool, not float16")
def taking_a_truth_for_a_number(part):
    return replace(part, value=Apply("less", (part.value, part.value), HALF))


@of(Statement, "the number .* is not of type")
def misnaming_a_number(part):
    return with_operand(part, Literal(np.float16(1), part.value.dtype))


@of(Statement, "a position is a whole number")
def counting_in_fractions(part):
    return with_position(part, Affine(), HALF)


@of(Statement, "a cast takes one operand")
def converting_two_numbers_at_once(part):
    return replace(part, value=Apply("cast", (part.value, part.value), HALF))


# Reductions.


@of(Statement, "no reduction called product")
def naming_an_unknown_reduction(part):
    return replace(part, reduction="product")


@of(Statement, "exactly if it names a reduction|is not defined here")
def reducing_over_nothing(part):
    return replace(part, over=()) if part.reduction not in ("", "scatter_add") else None


@of(Statement, "is reduced over, and still in the place|runs over one axis")
def reducing_over_an_axis_of_its_place(part):
    own = axes_of(part)
    if not own or part.reduction in ("", "prefix_sum", "scatter_add"):
        return None
    return replace(part, over=(*part.over, own[0]))


@of(Statement, "is none of the place")
def running_over_an_axis_that_is_not_stored_along(part):
    return replace(part, over=(STRANGER,)) if part.reduction == "prefix_sum" else None


@of(Statement, "dot sums products")
def summing_products_of_no_factors(part):
    if part.reduction != "dot":
        return None
    return replace(part, value=replace(part.value, operation="add"))

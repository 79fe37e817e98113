"""Ways to break programs, for the tests of the checker.

Each takes a part of a program and returns a broken one, or None where it does not apply; beside it
stands what the checker has to say.
"""

from dataclasses import replace

import numpy as np

from chainrule.compiler.loops import (
    Affine,
    Apply,
    Axis,
    Bound,
    Buffer,
    Load,
    Nest,
    Number,
    Position,
    Product,
    Repeat,
    Statement,
)
from chainrule.compiler.query import axes_of

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
    if isinstance(step, Repeat):
        yield from (replace(step, steps=inner) for inner in altered(step.steps, change))
    elif isinstance(step, Nest):
        parts = altered(step.statements, change)
        yield from (replace(step, statements=inner) for inner in parts)
        if step.product is not None and (product := change(step.product)) is not None:
            yield replace(step, product=product)


def with_operand(part, operand):
    """Return a statement whose value has one operand more."""
    if part.reduction == "dot":
        first, second = part.value.operands
        more = Apply("add", (operand, first), first.dtype)
        return replace(part, value=replace(part.value, operands=(more, second)))
    return replace(part, value=Apply("add", (operand, part.value), part.value.dtype))


def with_position(part, index, dtype=WHOLE):
    """Return a statement whose value also counts along an index."""
    position = Apply("cast", (Position(index, dtype),), part.value.dtype)
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


@of(Statement, "counts the turns of a repeat")
def reducing_over_turns(part):
    return replace(part, over=(*part.over, Axis(3, "t", is_turn=True)))


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
    buffer, place = Buffer("input", part.value.dtype, (4,)), Number(np.float16(1), HALF)
    return with_operand(part, Load(buffer, (place,)))


@of(Statement, "only scatter looks up")
def looking_up_where_to_store(part):
    if part.reduction == "scatter" or not part.index or axes_of(part):
        return None
    return replace(part, index=at(part.index, 0, Number(np.int64(0), WHOLE)))


@of(Statement, "write the same place")
def letting_two_points_write_one_place(part):
    own = [axis for axis in axes_of(part) if axis.extent > 1]
    if len(own) < 2 or part.reduction == "scatter":
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
    return with_operand(part, Number(np.float16(1), HALF))


@of(Statement, "gives bool, not float16")
def taking_a_truth_for_a_number(part):
    return replace(part, value=Apply("less", (part.value, part.value), HALF))


@of(Statement, "the number .* is not of type")
def misnaming_a_number(part):
    return with_operand(part, Number(np.float16(1), part.value.dtype))


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
    return replace(part, over=()) if part.reduction not in ("", "scatter") else None


@of(Statement, "is reduced over, and still in the place|runs over one axis")
def reducing_over_an_axis_of_its_place(part):
    own = axes_of(part)
    if not own or part.reduction in ("", "running", "scatter"):
        return None
    return replace(part, over=(*part.over, own[0]))


@of(Statement, "is none of the place")
def running_over_an_axis_that_is_not_stored_along(part):
    return replace(part, over=(STRANGER,)) if part.reduction == "running" else None


@of(Statement, "dot sums products")
def summing_products_of_no_factors(part):
    if part.reduction != "dot":
        return None
    return replace(part, value=replace(part.value, operation="add"))


# Buffers.


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


@of(Product, "outside of an axis of")
def a_product_that_reads_before_the_beginning(part):
    index = at(part.left.index, 0, part.left.index[0] + Affine(-1))
    return replace(part, left=replace(part.left, index=index))


@of(Product, "is summed over and stands in no operand")
def a_product_without_its_depth(part):
    return replace(part, depth=(*part.depth, STRANGER))


@of(Product, "is not defined here")
def a_product_whose_left_side_has_an_axis_of_its_own(part):
    buffer = replace(part.left.buffer, shape=(STRANGER.extent,))
    return replace(part, left=Load(buffer, (Affine.of(STRANGER),)))


@of(Product, "has more than one axis")
def a_product_with_two_axes_in_one_place(part):
    if len(part.axes) != 2:
        return None
    row, column = part.axes
    buffer = replace(part.target, shape=(row.extent + column.extent,))
    return replace(part, target=buffer, index=(Affine.of(row) + Affine.of(column),))


@of(Product, "floats of one kind")
def a_product_of_two_kinds_of_numbers(part):
    buffer = replace(part.left.buffer, dtype=np.dtype("float64"))
    return replace(part, left=replace(part.left, buffer=buffer))


@of(Product, "looks up no positions")
def a_product_that_looks_up(part):
    index = at(part.left.index, 0, Number(np.int64(0), WHOLE))
    return replace(part, left=replace(part.left, index=index))


@of(Product, "reads .* which it writes")
def a_product_over_its_own_left_side(part):
    if len(part.axes) != 2:
        return None
    row, column = part.axes
    extent = max(row.extent, column.extent, *(axis.extent for axis in part.depth))
    buffer = Buffer("arena", part.target.dtype, (extent, extent))
    index, place = (Affine.of(row), Affine.of(column)), (Affine.of(row), Affine.of(part.depth[0]))
    return replace(part, target=buffer, index=index, left=Load(buffer, place))


@of(Product, "outside of an axis of")
def a_product_within_less_than_it_reads(part):
    far = tuple(replace(each, length=each.length + 1) for each in part.bounds)
    return replace(part, bounds=far) if part.bounds else None


@of(Product, "is not of an axis of the result and an upward one of the sum")
def a_bound_of_the_result_alone(part):
    bounds = tuple(Bound(Affine.of(each.place.terms[0][0]), 1) for each in part.bounds)
    return replace(part, bounds=(*part.bounds, *bounds)) if part.bounds else None


@of(Product, "has two bounds")
def two_bounds_for_one_axis(part):
    return replace(part, bounds=part.bounds * 2) if part.bounds else None


# Nests.


@of(Nest, "is neither the last axis of the nest nor one of its only statement|and no lane")
def lanes_along_a_stranger(part):
    return replace(part, lane=STRANGER)


@of(Nest, "the axes of a nest are distinct")
def running_over_an_axis_twice(part):
    return replace(part, axes=part.axes * 2) if part.axes else None


@of(Nest, "is none of the statement that stores|has the axes of its place")
def running_over_a_stranger(part):
    axes = (STRANGER, *part.axes)
    return replace(part, axes=axes) if part.statements or part.product else None


@of(Nest, "is kept in registers and is output memory")
def an_output_in_registers(part):
    targets = {each.target for each in part.statements if each.target.kind == "output"}
    return replace(part, registers=part.registers | targets) if targets else None


@of(Nest, "is kept in registers, and nothing is stored there")
def an_empty_register(part):
    return replace(part, registers=part.registers | {Buffer("arena", HALF, ())})


@of(Nest, "touch .* at different points")
def reading_another_point_of_the_nest(part):
    writers = [each for each in part.statements if each.reduction != "scatter"]
    if not part.axes or not writers or part.lane not in (None, part.axes[-1]):
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


@of(Nest, "the epilogue of a product reduces nothing")
def an_epilogue_that_reduces(part):
    if part.product is None:
        return None
    target = Buffer("arena", WHOLE, tuple(axis.extent for axis in part.axes))
    value, index = Number(np.int64(1), WHOLE), tuple(map(Affine.of, part.axes))
    total = Statement(target, index, value, "sum", (STRANGER,))
    return replace(part, statements=(*part.statements, total))


# Repeats.


@of(Repeat, "is not marked as one of turns")
def repeating_along_a_plain_axis(part):
    return replace(part, axis=replace(part.axis, is_turn=False))


@of(Repeat, "has at least one turn")
def repeating_never(part):
    return replace(part, axis=replace(part.axis, extent=0))


@of(Repeat, "is repeated within itself")
def repeating_within_the_same_turns(part):
    return replace(part, steps=(part,))

"""The loop language: what a backend is given. Its whole grammar::

    program    ::= "program" { buffer } { step }
    buffer     ::= KIND NAME ":" type [ "#" LAYER ]
    KIND       ::= "input" | "output" | "constant" | "arena" | "alias"
    step       ::= nest | repeat
    nest       ::= "for" { axis } [ "lanes" AXIS ] ":" [ product ] { statement }
    product    ::= place "=" "sum" AXIS ":" load "*" load
    statement  ::= place "=" expression
                 | place "=" REDUCTION { AXIS } ":" expression
    REDUCTION  ::= "sum" | "dot" | "max" | "min" | "argmax" | "argmin"
                 | "running" | "scatter"
    repeat     ::= "repeat" AXIS [ "backwards" ] ":" { step }
    axis       ::= NAME "<" LENGTH
    place      ::= NAME "[" { affine "," } "]"
    load       ::= NAME "[" { ( affine | expression ) "," } "]"
    expression ::= NUMBER | "@" affine | load | OPERATION "(" { expression "," } ")"
    affine     ::= a sum of whole multiples of axes and a whole number

An arena buffer lives in scratch memory that belongs to the program; an alias is another shape for
the bytes of a buffer. A ``product`` is a contraction with a kernel of its own; the statements of its
nest are its epilogue: they see the sums while those are in registers. A position in brackets that is
an expression is a gather; ``@`` is the value of an index. ``dot`` is a sum of products that are not
rounded before they are added; ``running`` stores every partial sum, ``scatter`` adds to the place in
the order of its points.

A nest runs its statements once for each point of its axes, in their order. A statement runs over
the rest of its axes by itself, so all of its work is done for one point before the next statement
starts. What a statement reads of a buffer written in the same nest lies at the same point, or the
two are not in one nest: so points may run in any order, in vector lanes or on several threads.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import UnsupportedError

__all__ = [
    "Affine", "Apply", "Axis", "Buffer", "CannotCompile", "Expression", "Load", "Nest", "Number",
    "Position", "Product", "Program", "Repeat", "Statement", "Step", "axes_of", "loads_of",
    "place_looked_up", "stored_by_kernel", "substitute", "unrolled_axes",
]  # fmt: skip

_serials = itertools.count()


class CannotCompile(UnsupportedError):
    """A program uses what no native backend can do; the NumPy evaluator runs it instead."""


@dataclass(frozen=True, eq=False, slots=True)
class Axis:
    """A loop index that runs from 0 to `extent` - 1; `is_turn` for the turns of a repeat."""

    extent: int
    name: str = "i"
    is_turn: bool = False
    serial: int = field(default_factory=lambda: next(_serials))


@dataclass(frozen=True, slots=True)
class Affine:
    """A sum ``constant + coefficient * axis + ...``; terms stand in the order of their axes."""

    constant: int = 0
    terms: tuple[tuple[Axis, int], ...] = ()

    @staticmethod
    def of(axis: Axis, coefficient: int = 1, constant: int = 0) -> Affine:
        """Return ``constant + coefficient * axis``."""
        return Affine(constant, ((axis, coefficient),) if coefficient else ())

    def __add__(self, other: Affine) -> Affine:
        if not other.terms:
            return Affine(self.constant + other.constant, self.terms)
        found = dict(self.terms)
        for axis, coefficient in other.terms:
            found[axis] = found.get(axis, 0) + coefficient
        terms = sorted(((a, c) for a, c in found.items() if c), key=lambda term: term[0].serial)
        return Affine(self.constant + other.constant, tuple(terms))

    def scaled(self, factor: int) -> Affine:
        """Return the sum with everything multiplied by `factor`."""
        terms = tuple((axis, factor * c) for axis, c in self.terms) if factor else ()
        return Affine(factor * self.constant, terms)

    def coefficient(self, axis: Axis) -> int:
        """Return what `axis` is multiplied by; 0 where it does not occur."""
        return next((c for each, c in self.terms if each is axis), 0)

    def substitute(self, meaning: Mapping[Axis, Affine]) -> Affine:
        """Put other sums in the place of axes."""
        if not any(axis in meaning for axis, _ in self.terms):
            return self
        result = Affine(self.constant)
        for axis, coefficient in self.terms:
            result += meaning.get(axis, Affine.of(axis)).scaled(coefficient)
        return result


@dataclass(frozen=True, eq=False, slots=True)
class Buffer:
    """An array in memory.

    Parameters
    ----------
    kind : {"input", "output", "constant", "arena", "alias"}
        Who owns the memory.
    dtype : numpy.dtype
        Kind of its numbers.
    shape : tuple of int
        Length of each axis.
    name : str
        A name for people.
    layer : str
        The layer whose values it holds.
    value : numpy.ndarray or None
        What a constant holds.
    base : Buffer or None
        Whose bytes an alias shows; both lie in row-major order.
    """

    kind: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    name: str = ""
    layer: str = ""
    value: Any = None
    base: Buffer | None = None

    @property
    def root(self) -> Buffer:
        """The buffer that has the memory."""
        return self if self.base is None else self.base

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True, eq=False, slots=True)
class Number:
    """A number that is known."""

    value: Any
    dtype: np.dtype[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Position:
    """The value of an index, as a whole number."""

    index: Affine
    dtype: np.dtype[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Load:
    """An element of a buffer; an index that is an expression is looked up and checked."""

    buffer: Buffer
    index: tuple[Affine | Expression, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Kind of number."""
        return self.buffer.dtype

    @property
    def is_affine(self) -> bool:
        """Whether the place depends on axes only."""
        return all(isinstance(each, Affine) for each in self.index)


@dataclass(frozen=True, eq=False, slots=True)
class Apply:
    """An elementwise operation, by the name of its primitive."""

    operation: str
    operands: tuple[Expression, ...]
    dtype: np.dtype[Any]


Expression = Number | Position | Load | Apply


@dataclass(frozen=True, eq=False, slots=True)
class Statement:
    """``target[index] = value``, or a reduction of `value` over some axes.

    Parameters
    ----------
    target : Buffer
        Where the result goes.
    index : tuple of Affine or Expression
        At which place; expressions only for ``scatter``.
    value : Expression
        What is stored or reduced.
    reduction : str
        Empty, or one of the grammar's.
    over : tuple of Axis
        The axes it reduces over.
    layer : str
        The layer it belongs to, for people.
    """

    target: Buffer
    index: tuple[Affine | Expression, ...]
    value: Expression
    reduction: str = ""
    over: tuple[Axis, ...] = ()
    layer: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Product:
    """``target[batch, row, column] = sum over depth: left * right`` with a kernel of its own.

    `left` is indexed by (batch, row, depth), `right` by (batch, depth, column), the target by
    (batch, row, column); each by one axis to a place. Axes of length 1 do not occur.
    """

    target: Buffer
    index: tuple[Affine | Expression, ...]
    left: Load
    right: Load
    batch: Axis
    row: Axis
    column: Axis
    depth: Axis
    layer: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Nest:
    """Statements that run together at each point of `axes`; along `lane` in vector lanes.

    The lane is the last of the axes, or the reduced axis of the only statement, or there is none.
    `registers` are arena buffers that nobody reads outside: they need no memory.
    """

    axes: tuple[Axis, ...]
    lane: Axis | None
    statements: tuple[Statement, ...]
    product: Product | None = None
    registers: frozenset[Buffer] = frozenset()


@dataclass(frozen=True, eq=False, slots=True)
class Repeat:
    """Steps that run one after the other for each value of an axis, upwards or downwards."""

    axis: Axis
    backwards: bool
    steps: tuple[Step, ...]


Step = Nest | Repeat


@dataclass(frozen=True, eq=False, slots=True)
class Program:
    """What a backend compiles."""

    name: str
    inputs: tuple[Buffer, ...]
    outputs: tuple[Buffer, ...]
    steps: tuple[Step, ...]


def substitute(value: Expression, meaning: Mapping[Axis, Affine]) -> Expression:
    """Return an expression with other sums in the place of its axes."""
    done: dict[int, Expression] = {}

    def visit(each: Expression) -> Expression:
        if id(each) not in done:
            done[id(each)] = rebuild(each)
        return done[id(each)]

    def rebuild(each: Expression) -> Expression:
        match each:
            case Number():
                return each
            case Position(index, dtype):
                return Position(index.substitute(meaning), dtype)
            case Load(buffer, index):
                return Load(buffer, tuple(
                    i.substitute(meaning) if isinstance(i, Affine) else visit(i) for i in index
                ))  # fmt: skip
            case Apply(operation, operands, dtype):
                return Apply(operation, tuple(map(visit, operands)), dtype)

    return visit(value)


def loads_of(value: Expression) -> Iterator[Load]:
    """Yield every load of an expression once, those inside of positions included."""
    seen: set[int] = set()
    pending = [value]
    while pending:
        each = pending.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, Load):
            yield each
            pending.extend(i for i in each.index if not isinstance(i, Affine))
        elif isinstance(each, Apply):
            pending.extend(each.operands)


FEW = 16


def place_looked_up(load: Load) -> int | None:
    """Return which one index of a load is looked up, among a few elements; None for other loads."""
    places = [i for i, each in enumerate(load.index) if not isinstance(each, Affine)]
    if len(places) != 1 or load.buffer.shape[places[0]] > FEW:
        return None
    return places[0]


UNROLLED = 8
UNROLLED_ALONE = 64


def unrolled_axes(statement: Statement, nest: Nest) -> tuple[list[Axis], list[Axis], bool, bool]:
    """Return the axes a statement runs over by itself, and whether each kind is written out.

    Returns
    -------
    parallel, over : list of Axis
        Its own axes: those of the target, those it reduces over.
    is_parallel_unrolled, is_over_unrolled : bool
        Whether a backend writes out every turn; what is stored then need not go through memory.
    """
    parallel = [axis for axis in axes_of(statement) if axis not in nest.axes]
    over = [axis for axis in statement.over if axis not in nest.axes]
    limit = UNROLLED if nest.axes else UNROLLED_ALONE
    turns = int(np.prod([axis.extent for axis in parallel], dtype=np.int64))
    all_turns = turns * int(np.prod([axis.extent for axis in over], dtype=np.int64))
    is_special = statement.reduction in ("running", "scatter")
    has_lane = nest.lane is not None and nest.lane in over
    return (
        parallel,
        over,
        turns <= limit and not is_special,
        all_turns <= 2 * limit and not is_special and not has_lane,
    )


def axes_of(statement: Statement) -> list[Axis]:
    """List the axes of a statement's target, each once, in their order; reduced ones not."""
    found: dict[Axis, None] = {}
    pending: list[Affine | Expression] = list(statement.index)
    while pending:
        each = pending.pop(0)
        if isinstance(each, Affine):
            own = (a for a, _ in each.terms if a not in statement.over and not a.is_turn)
            found |= dict.fromkeys(own)
        elif isinstance(each, Load):
            pending.extend(each.index)
        elif isinstance(each, Apply):
            pending.extend(each.operands)
        elif isinstance(each, Position):
            pending.append(each.index)
    return list(found)


def stored_by_kernel(nest: Nest) -> Buffer | None:
    """Return the buffer that a product's kernel itself fills; all else its epilogue stores.

    It is the product's target, or, where that stays in registers, what the last statement that fits
    makes of it; None where nothing fits.
    """
    assert nest.product is not None
    product = nest.product
    if product.target not in nest.registers:
        return product.target
    own = {product.batch, product.row, product.column}
    for each in reversed(nest.statements):
        is_plain = all(
            isinstance(place, Affine)
            and not place.constant
            and all(a in own for a, _ in place.terms)
            for place in each.index
        )
        fits = each.target.dtype == product.target.dtype and each.target not in nest.registers
        if fits and is_plain and each.index == product.index:
            return each.target
    return None

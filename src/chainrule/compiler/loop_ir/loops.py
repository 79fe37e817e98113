"""The loop language: what a backend is given.

Its whole grammar::

    program    ::= "program" { buffer } { step }
    buffer     ::= KIND NAME ":" type [ "#" LAYER ]
    KIND       ::= "input" | "output" | "constant" | "arena" | "local" | "alias"
    step       ::= nest | repeat
    nest       ::= "for" { axis } [ "lanes" AXIS ] ":" [ product ] { statement }
    product    ::= place "=" "sum" { AXIS } ":" load "*" load { "within" affine "<" LENGTH }
    statement  ::= place "=" expression
                 | place "=" REDUCTION { AXIS } ":" expression
    REDUCTION  ::= "sum" | "dot" | "max" | "min" | "argmax" | "argmin"
                 | "running" | "scatter"
    repeat     ::= "repeat" AXIS [ "backwards" | "in any order" ] [ "apart" { AXIS } ] ":" { step }
    axis       ::= NAME "<" LENGTH
    place      ::= NAME "[" { affine "," } "]"
    load       ::= NAME "[" { ( affine | expression ) "," } "]"
    expression ::= NUMBER | "@" affine | load | OPERATION "(" { expression "," } ")"
    affine     ::= a sum of whole multiples of axes and a whole number

An arena buffer lives in scratch memory that belongs to the program, a local one in that of a thread
for a turn of a repeat in any order; an alias is another shape for the bytes of a buffer. A
``product`` is a contraction with a kernel of its own; the statements of its nest are its epilogue:
they see the sums while those are in registers. What lies ``within`` no bounds, from 0 to a length,
is not read, and nothing is added for it. A position in brackets that is an expression is a
gather; ``@`` is the value of an index. ``dot`` is a sum of products that are not rounded before
they are added; ``running`` stores every partial sum, ``scatter`` adds to the place in the order of
its points.

A nest runs its statements once for each point of its axes, in their order. A statement runs over
the rest of its axes by itself, so all of its work is done for one point before the next statement
starts. What a statement reads of a buffer written in the same nest lies at the same point or in
another part of it, or the two are not in one nest: so points may run in any order, in vector lanes
or on several threads.

`check` verifies all of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.compiler.loop_ir.affine import Affine, Axis
from chainrule.errors import UnsupportedError

__all__ = [
    "Affine", "Apply", "Axis", "Bound", "Buffer", "CannotCompile", "Expression", "Load", "Nest",
    "Number", "Position", "Product", "Program", "Repeat", "Statement", "Step",
]  # fmt: skip


class CannotCompile(UnsupportedError):  # noqa: N818 - it reads as what is said
    """A program uses what no native backend can do; the NumPy evaluator runs it instead."""


@dataclass(frozen=True, eq=False, slots=True)
class Buffer:
    """An array in memory.

    Parameters
    ----------
    kind : {"input", "output", "constant", "arena", "local", "alias"}
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


@dataclass(frozen=True, slots=True)
class Bound:
    """Terms of a product count where ``0 <= place < length``.

    Parameters
    ----------
    place : Affine
        ``row + spacing * entry + constant``, of one axis of the result and one that is summed over.
    length : int
        Of an axis of what is read there.
    """

    place: Affine
    length: int


@dataclass(frozen=True, eq=False, slots=True)
class Product:
    """``target[index] = sum over depth: left * right`` with a kernel of its own.

    Parameters
    ----------
    target : Buffer
        Where the result goes.
    index : tuple of Affine
        At which place: each of the product's axes by itself.
    left, right : Load
        What is multiplied, read at any affine place: through windows, say.
    depth : tuple of Axis
        The axes it sums over, none of length 1.
    layer : str
        The layer it belongs to, for people.
    bounds : tuple of Bound
        Which terms of the sum there are; without any, all.
    """

    target: Buffer
    index: tuple[Affine, ...]
    left: Load
    right: Load
    depth: tuple[Axis, ...]
    layer: str = ""
    bounds: tuple[Bound, ...] = ()

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes of the result, in the order of its index; turns of loops around are not."""
        return tuple(axis for place in self.index for axis, _ in place.terms if not axis.is_turn)


@dataclass(frozen=True, eq=False, slots=True)
class Nest:
    """Statements that run together at each point of `axes`; along `lane` in vector lanes.

    The lane is the last of the axes, or one that the only statement runs over by itself, or None.
    `registers` are arena buffers that nobody reads outside: they need no memory.
    """

    axes: tuple[Axis, ...]
    lane: Axis | None
    statements: tuple[Statement, ...]
    product: Product | None = None
    registers: frozenset[Buffer] = frozenset()


@dataclass(frozen=True, eq=False, slots=True)
class Repeat:
    """Steps that run one after the other for each value of an axis, upwards or downwards.

    `rows` has an axis for each nest inside, if the rows it counts never look at each other: then a
    thread may take some of the rows through all turns. Turns `in_any_order` never look at each
    other either: threads share them out.
    """

    axis: Axis
    backwards: bool
    steps: tuple[Step, ...]
    rows: tuple[Axis, ...] = ()
    in_any_order: bool = False


Step = Nest | Repeat


@dataclass(frozen=True, eq=False, slots=True)
class Program:
    """What a backend compiles."""

    name: str
    inputs: tuple[Buffer, ...]
    outputs: tuple[Buffer, ...]
    steps: tuple[Step, ...]

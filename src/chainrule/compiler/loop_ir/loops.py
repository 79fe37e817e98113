"""The loop language: what a backend is given.

Its whole grammar::

    program      ::= "program" { buffer } { step }
    buffer       ::= KIND NAME ":" type [ "#" LAYER ]
    KIND         ::= "input" | "output" | "constant" | "arena" | "thread_local" | "alias"
    step         ::= nest | loop
    nest         ::= "for" { axis } [ "vector" AXIS ] ":" [ contraction ] { statement }
    loop         ::= "loop" axis [ "backwards" | "parallel" ] [ "batch" { AXIS } ] ":" { step }
    contraction  ::= place "=" "sum" { axis } ":" load "*" load { "bounds" affine "<" LENGTH }
    statement    ::= place "=" expression
                   | place "=" REDUCTION { axis } ":" expression
    REDUCTION    ::= "sum" | "dot" | "max" | "min" | "argmax" | "argmin"
                   | "prefix_sum" | "scatter_add"
    axis         ::= NAME "<" LENGTH
    place        ::= NAME "[" { affine "," } "]"
    load         ::= NAME "[" { ( affine | expression ) "," } "]"
    expression   ::= NUMBER | "@" affine | load | OPERATION "(" { expression "," } ")"
    affine       ::= a sum of integer multiples of axes and an integer

Buffers. An arena buffer lies in scratch memory of the program, a thread-local one in that of a
thread, for one iteration of a parallel loop. An alias shows the bytes of a buffer in another shape.

Loops. A ``loop`` runs its steps for each value of its axis, in order; a ``parallel`` one carries no
dependence between iterations, so threads share them out. ``batch`` names, for each nest inside, an
axis across which the loop carries no dependence: a thread may run some rows of the batch through
all iterations.

Nests. A nest runs its statements once for each point of its axes. A statement runs over the rest of
its axes by itself, so all its work for one point is done before the next statement starts. What a
statement reads of a buffer that the same nest writes lies at the same point or is disjoint from
what is written. So points may run in any order: in the lanes of a vector, or on several threads.

Statements. A ``contraction`` has a kernel of its own; the statements of its nest are its epilogue,
which sees the sums while they are in registers. Terms outside of its ``bounds``, from 0 to a
length, are neither read nor added. An index that is an expression is a gather; ``@`` is the value
of an index. ``dot`` is a sum whose products are fused into the additions; ``prefix_sum`` stores
every partial sum; ``scatter_add`` adds in the order of its points.

`verify.verifier` checks all of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.compiler.loop_ir.affine import Affine, Axis
from chainrule.errors import UnsupportedError

__all__ = [
    "Affine",
    "Apply",
    "Axis",
    "Buffer",
    "CannotCompile",
    "Contraction",
    "Expression",
    "Index",
    "IndexValue",
    "Item",
    "IterationBound",
    "Literal",
    "Load",
    "Loop",
    "Nest",
    "Program",
    "Statement",
    "Step",
]  # fmt: skip


class CannotCompile(UnsupportedError):  # noqa: N818 - it reads as what is said
    """A program uses what no native backend can do; the NumPy evaluator runs it instead."""


@dataclass(frozen=True, eq=False, slots=True)
class Buffer:
    """An array in memory.

    Parameters
    ----------
    kind : {"input", "output", "constant", "arena", "thread_local", "alias"}
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
class Literal:
    """A number that is known."""

    value: Any
    dtype: np.dtype[Any]


@dataclass(frozen=True, eq=False, slots=True)
class IndexValue:
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


Expression = Literal | IndexValue | Load | Apply

Index = tuple[Affine | Expression, ...]
"""One index for each axis of a buffer; an expression is a gather."""


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
class IterationBound:
    """Terms of a contraction count where ``0 <= index < length``.

    Parameters
    ----------
    index : Affine
        ``row + spacing * entry + constant``, of one axis of the result and one that is summed over.
    length : int
        Of an axis of what is read there.
    """

    index: Affine
    length: int


@dataclass(frozen=True, eq=False, slots=True)
class Contraction:
    """``target[index] = sum over depth: left * right`` with a kernel of its own.

    Parameters
    ----------
    target : Buffer
        Where the result goes.
    index : tuple of Affine
        At which place: each of the contraction's axes by itself.
    left, right : Load
        What is multiplied, read at any affine place: through windows, say.
    depth : tuple of Axis
        The axes it sums over, none of length 1.
    layer : str
        The layer it belongs to, for people.
    bounds : tuple of IterationBound
        Which terms of the sum there are; without any, all.
    """

    target: Buffer
    index: tuple[Affine, ...]
    left: Load
    right: Load
    depth: tuple[Axis, ...]
    layer: str = ""
    bounds: tuple[IterationBound, ...] = ()

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes of the result, in the order of its index; turns of loops around are not."""
        return tuple(
            axis for place in self.index for axis, _ in place.terms if not axis.is_loop_index
        )


@dataclass(frozen=True, eq=False, slots=True)
class Nest:
    """Statements that run together at each point of `axes`; along `vector_axis` in vector lanes.

    The vector axis is the last of the axes, or one that the only statement runs over by itself,
    or None. `registers` are arena buffers not read outside of the nest: they need no memory.
    """

    axes: tuple[Axis, ...]
    vector_axis: Axis | None
    statements: tuple[Statement, ...]
    contraction: Contraction | None = None
    registers: frozenset[Buffer] = frozenset()


@dataclass(frozen=True, eq=False, slots=True)
class Loop:
    """Steps that run one after the other for each value of an axis, upwards or downwards.

    `batch_axes` has an axis for each nest inside across which the loop carries no dependence, if
    there are such: a thread may take some rows of the batch through all iterations. A parallel
    loop carries no dependence between its iterations: threads share them out.
    """

    axis: Axis
    backwards: bool
    steps: tuple[Step, ...]
    batch_axes: tuple[Axis, ...] = ()
    is_parallel: bool = False


Step = Nest | Loop

Item = Statement | Contraction | Loop
"""What lowering writes, in an order that may run; fusion makes nests of it."""


@dataclass(frozen=True, eq=False, slots=True)
class Program:
    """What a backend compiles."""

    name: str
    inputs: tuple[Buffer, ...]
    outputs: tuple[Buffer, ...]
    steps: tuple[Step, ...]

"""The loop IR: what lowering writes, passes transform and a backend compiles.

Its grammar::

    program      ::= "program" { buffer } { step }
    buffer       ::= KIND NAME ":" type [ "#" LAYER ]
    KIND         ::= "input" | "output" | "constant" | "arena" | "thread_local" | "alias"
    step         ::= nest | loop | call
    nest         ::= "for" { axis } [ "vector" AXIS ] ":" [ contraction ] { statement }
    loop         ::= "loop" axis [ condition ] [ "backwards" | "parallel" ] [ "batch" { AXIS } ]
                     ":" { step }
    condition    ::= ( "while" | "until" ) element
    call         ::= "call" ROUTINE "(" { argument "," } ")"
    argument     ::= ( "read" | "write" | "update" ) element | NUMBER | "'" LETTER "'" | "info"
    contraction  ::= element "=" "sum" { axis } ":" element "*" element { bounds }
    bounds       ::= "bounds" affine "<" LENGTH
    statement    ::= element "=" expression
                   | element "=" REDUCTION { axis } ":" expression
    REDUCTION    ::= "sum" | "dot" | "max" | "min" | "argmax" | "argmin"
                   | "prefix_sum" | "scatter" | "scatter_add"
    axis         ::= NAME [ "<" LENGTH ]
    element      ::= NAME "[" { ( affine | expression ) "," } "]"
    expression   ::= NUMBER | "@" affine | element | OPERATION "(" { expression "," } ")"
    affine       ::= a sum of integer multiples of axes and an integer

Buffers. An arena buffer is stored in scratch memory of the program, a thread-local one in that of a
thread, for one iteration of a parallel loop. An alias is the memory of a buffer in another shape.

Loops. A ``loop`` runs its steps for each value of its axis, in order; a ``parallel`` one carries no
dependence between iterations, so these are partitioned among threads. ``batch`` names, for each
nest inside, an axis across which the loop carries no dependence: a thread may run some rows of the
batch through all iterations. A condition is tested before each iteration: the loop ends before the
first one for which its element is false (``while``) or true (``until``). An axis without a length
has ``UNBOUNDED`` iterations: only a condition ends its loop.

Nests. A nest runs its statements once for each point of its axes. A statement has inner loops over
its other axes, so all its work for one point is done before the next statement starts. What a
statement reads of a buffer that the same nest writes is of the same point, or disjoint from what is
written. So points may run in any order: in the lanes of a vector, or on several threads.

Statements. A ``contraction`` is computed by a kernel; the statements of its nest are its epilogue,
which reads the sums while they are in registers. Terms outside of its ``bounds``, from 0 to a
length, are neither read nor added. An index that is an expression is a gather, and as a target a
scatter; ``@`` is the value of an index. ``dot`` is a sum of products by fused multiply-add;
``prefix_sum`` stores every partial sum; ``scatter`` stores values, and ``scatter_add`` adds them,
in the order of its points.

Calls. A ``call`` runs an external routine, of which every argument is an address, as in Fortran: of
the element where the argument's own axes are 0, whose other elements the routine reads or writes;
of a constant; or of the integer ``info``, in which the routine stores whether it failed. A call has
no points: it runs once, or once in each iteration of a loop.

`verify.verifier` checks these rules.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.compiler.loop_ir.affine import Affine, Axis

__all__ = [
    "UNBOUNDED",
    "Affine",
    "Apply",
    "Argument",
    "Axis",
    "Buffer",
    "Call",
    "Condition",
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
    "Region",
    "Statement",
    "Step",
]  # fmt: skip

UNBOUNDED = 2**62
"""The extent of the axis of a loop that only its condition ends."""


@dataclass(frozen=True, eq=False, slots=True)
class Buffer:
    """An array in memory: `kind` is which memory, `layer` the layer whose values it holds.

    A constant has its `value`. An alias has its `base`; both are stored in row-major order.
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
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False, slots=True)
class Literal:
    """A constant scalar."""

    value: Any
    dtype: np.dtype[Any]


@dataclass(frozen=True, eq=False, slots=True)
class IndexValue:
    """The value of an index, as an integer."""

    index: Affine
    dtype: np.dtype[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Load:
    """An element of a buffer; an index that is an expression is checked against the bounds."""

    buffer: Buffer
    index: tuple[Affine | Expression, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the element."""
        return self.buffer.dtype

    @property
    def is_affine(self) -> bool:
        """Whether it is no gather: its index depends on axes only."""
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


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Statement:
    """``target[index] = value``, or its `reduction` over the axes `over`.

    Only ``scatter`` and ``scatter_add`` may have expressions in their index.
    """

    target: Buffer
    index: Index
    value: Expression
    reduction: str = ""
    over: tuple[Axis, ...] = ()
    layer: str = ""

    @property
    def is_scatter(self) -> bool:
        """Whether its index may have expressions."""
        return self.reduction in ("scatter", "scatter_add")

    @property
    def is_ordered(self) -> bool:
        """Whether its iterations run in order."""
        return self.is_scatter or self.reduction in ("argmax", "argmin", "prefix_sum")


@dataclass(frozen=True, slots=True)
class IterationBound:
    """Only terms of a contraction with ``0 <= index < length`` count.

    The index is ``row + spacing * entry + constant``, of an axis of the result and a reduced one;
    the length is that of the axis of the operand that it indexes.
    """

    index: Affine
    length: int


@dataclass(frozen=True, eq=False, slots=True)
class Contraction:
    """``target[index] = sum over depth: left * right``, computed by a kernel.

    Each axis of the result is an index by itself; operands are read at any affine index, such as
    through windows. No axis of `depth` has length 1. Without bounds, all terms count.
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
        """The axes of the result, in the order of its index, without those of loops around."""
        return tuple(axis for i in self.index for axis, _ in i.terms if not axis.is_loop_index)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Nest:
    """Statements that run together at each point of `axes`; along `vector_axis` in vector lanes.

    The vector axis is the last of the axes, or an axis of the only statement's inner loops, or
    None. `registers` are arena buffers not read outside of the nest: they need no memory.
    """

    axes: tuple[Axis, ...]
    vector_axis: Axis | None
    statements: tuple[Statement, ...]
    contraction: Contraction | None = None
    registers: frozenset[Buffer] = frozenset()


@dataclass(frozen=True, eq=False, slots=True)
class Condition:
    """An element that is tested before each iteration: of a boolean buffer, at affine indices.

    The loop runs while it is true; with `is_until`, until it is.
    """

    element: Load
    is_until: bool = False


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Loop:
    """Steps that run for each value of an axis, upwards or downwards.

    `batch_axes` has, for each nest inside, an axis across which the loop carries no dependence; it
    is empty where there are none. A parallel loop carries no dependence between its iterations. A
    loop with a condition is neither parallel nor parallel over a batch: all threads take the same
    decision.
    """

    axis: Axis
    is_reversed: bool
    steps: tuple[Step, ...]
    batch_axes: tuple[Axis, ...] = ()
    is_parallel: bool = False
    condition: Condition | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Region:
    """The elements of a buffer that a call reads, writes or both: one for each point of its axes.

    The routine is given the address of the first, and strides of its own as other arguments.
    """

    buffer: Buffer
    index: tuple[Affine, ...]
    is_read: bool = True
    is_written: bool = False


Argument = Region | int | float | np.floating[Any] | str | None
"""None is the address of ``info``. Integers are int32, other numbers of their own dtype."""


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """A call of an external routine; `runtime.routines` says which names there are.

    `failure` is the message of the error where the routine sets ``info`` to another value than 0,
    and `flops` the number of its floating-point operations.
    """

    routine: str
    arguments: tuple[Argument, ...]
    failure: str = ""
    flops: int = 0
    layer: str = ""

    @property
    def regions(self) -> tuple[Region, ...]:
        """The arguments that are elements of buffers."""
        return tuple(each for each in self.arguments if isinstance(each, Region))

    @property
    def is_callback(self) -> bool:
        """Whether Python evaluates it."""
        return self.routine.startswith("python ")

    @property
    def is_generated(self) -> bool:
        """Whether it calls a function that the backend generates."""
        return self.routine.startswith(("small.", "sort."))


Step = Nest | Loop | Call

Item = Statement | Contraction | Loop | Call
"""What lowering writes, in an order that may run; fusion makes nests of it."""


@dataclass(frozen=True, eq=False, slots=True)
class Program:
    """What a backend compiles."""

    name: str
    inputs: tuple[Buffer, ...]
    outputs: tuple[Buffer, ...]
    steps: tuple[Step, ...]
    in_place: frozenset[Buffer] = frozenset()
    """Outputs that hold the values of donated inputs before the first step."""

"""What every generator writes again and again: vectors, masks, loops.

Thin words over llvmlite's `IRBuilder`, so that a generator reads like the algorithm it writes. A
"value" below is an LLVM value of the program being written, a "number" is a Python number.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from chainrule.compiler.backends.llvm import ir

__all__ = [
    "FLOATS",
    "INDEX",
    "ITEM_BYTES",
    "POINTER",
    "address",
    "call",
    "counted_loop",
    "first_lanes",
    "index",
    "larger",
    "loop_with_values",
    "mnemonic",
    "prefetch",
    "smaller",
    "splat",
    "vector_type",
]

Value = Any

INDEX = ir.IntType(64)
POINTER = ir.PointerType()
FLOATS = {"float32": ir.FloatType(), "float64": ir.DoubleType()}
ITEM_BYTES = {"float32": 4, "float64": 8}


def index(number: int) -> ir.Constant:
    """Return a constant for sizes and positions."""
    return ir.Constant(INDEX, number)


def vector_type(dtype: str, width: int) -> ir.VectorType:
    """Return the type of a vector register."""
    return ir.VectorType(FLOATS[dtype], width)


def mnemonic(kind: ir.Type) -> str:
    """Return how a type is written in the name of an overloaded intrinsic.

    Examples
    --------
    >>> mnemonic(vector_type("float32", 16))
    'v16f32'
    """
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{mnemonic(kind.element)}"
    assert isinstance(kind, ir.IntType | ir.FloatType | ir.DoubleType | ir.PointerType)
    return kind.intrinsic_name


def call(builder: Any, name: str, arguments: Sequence[Value], returns: ir.Type) -> Value:
    """Call a function by its name, declaring it on first use."""
    function = builder.module.globals.get(name)
    if function is None:
        kind = ir.FunctionType(returns, [argument.type for argument in arguments])
        function = ir.Function(builder.module, kind, name)
    return builder.call(function, arguments)


def splat(builder: Any, scalar: Value, width: int) -> Value:
    """Copy a scalar into every lane of a vector."""
    kind = ir.VectorType(scalar.type, width)
    if isinstance(scalar, ir.Constant):
        return ir.Constant(kind, [scalar.constant] * width)
    empty = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(empty, scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)
    return builder.shuffle_vector(first, empty, zeros)


def address(builder: Any, base: Value, offset: Value, dtype: str) -> Value:
    """Return the address of an element."""
    return builder.gep(base, [offset], source_etype=FLOATS[dtype])


def prefetch(builder: Any, place: Value, nearness: int) -> None:
    """Ask for memory that is going to be read."""
    hints = [ir.Constant(ir.IntType(32), hint) for hint in (0, nearness, 1)]
    call(builder, "llvm.prefetch.p0", [place, *hints], ir.VoidType())


def smaller(builder: Any, a: Value, b: Value) -> Value:
    """Return the smaller of two whole numbers with signs."""
    return builder.select(builder.icmp_signed("<", a, b), a, b)


def larger(builder: Any, a: Value, b: Value) -> Value:
    """Return the larger of two whole numbers with signs."""
    return builder.select(builder.icmp_signed(">", a, b), a, b)


def first_lanes(builder: Any, count: Value, width: int) -> Value:
    """Return the mask whose first lanes are on."""
    # 32-bit lanes are enough once the count is limited, and cost half of 64-bit ones.
    limit = smaller(builder, count, index(width))
    limits = splat(builder, builder.trunc(limit, ir.IntType(32)), width)
    lanes = ir.Constant(limits.type, list(range(width)))
    return builder.icmp_signed("<", lanes, limits)


@contextmanager
def counted_loop(builder: Any, start: Value, stop: Value, name: str) -> Generator[Value]:
    """Write ``for i in range(start, stop)``; the body is written inside the ``with``."""
    with loop_with_values(builder, start, stop, [], name) as (position, _, _):
        yield position


@contextmanager
def loop_with_values(
    builder: Any, start: Value, stop: Value, initial: Sequence[Value], name: str
) -> Generator[tuple[Value, list[Value], list[Value]]]:
    """Write a counted loop that carries values in registers from one turn to the next."""
    before = builder.block
    head = builder.append_basic_block(f"{name}.head")
    body = builder.append_basic_block(f"{name}.body")
    after = builder.append_basic_block(f"{name}.end")
    builder.branch(head)
    builder.position_at_end(head)
    position = builder.phi(INDEX, name)
    position.add_incoming(start, before)
    carried = [builder.phi(value.type) for value in initial]
    for phi, value in zip(carried, initial, strict=True):
        phi.add_incoming(value, before)
    builder.cbranch(builder.icmp_signed("<", position, stop), body, after)
    builder.position_at_end(body)
    following: list[Value] = []
    yield position, list(carried), following
    step = builder.add(position, index(1))
    position.add_incoming(step, builder.block)
    for phi, value in zip(carried, following, strict=True):
        phi.add_incoming(value, builder.block)
    builder.branch(head)
    builder.position_at_end(after)

"""Idioms of the code generators: splats, masks, addresses, counted loops.

An `ir.Value` is a value of the generated program; a Python number is known to the generator.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from chainrule.compiler.backends.llvm import ir

__all__ = [
    "FLOATS",
    "INDEX",
    "ITEM_BYTES",
    "POINTER",
    "Bounds",
    "address",
    "call",
    "counted_loop",
    "first_lanes",
    "index",
    "loop_with_carried_values",
    "maximum",
    "minimum",
    "mnemonic",
    "parts",
    "prefetch",
    "splat",
    "vector_type",
]

INDEX = ir.IntType(64)
POINTER = ir.PointerType()
FLOATS = {"float32": ir.FloatType(), "float64": ir.DoubleType()}
Bounds = tuple[ir.Value, ir.Value]
"""Start and stop of a range."""
ITEM_BYTES = {"float32": 4, "float64": 8}


def index(number: int) -> ir.Constant:
    """Return a constant size, index or offset."""
    return ir.Constant(INDEX, number)


def vector_type(dtype: str, width: int) -> ir.VectorType:
    """Return the type of `width` lanes of a dtype."""
    return ir.VectorType(FLOATS[dtype], width)


def mnemonic(type_: ir.Type) -> str:
    """Return a type's suffix in the name of an overloaded intrinsic.

    >>> mnemonic(vector_type("float32", 16))
    'v16f32'
    """
    if isinstance(type_, ir.VectorType):
        return f"v{type_.count}{mnemonic(type_.element)}"
    assert isinstance(
        type_, ir.IntType | ir.HalfType | ir.FloatType | ir.DoubleType | ir.PointerType
    )
    return type_.intrinsic_name


def call(
    builder: ir.IRBuilder, name: str, arguments: Sequence[ir.Value], returns: ir.Type
) -> ir.Value:
    """Call an external function, declared on first use."""
    function = builder.module.functions.get(name)
    if function is None:
        signature = ir.FunctionType(returns, [argument.type for argument in arguments])
        function = ir.Function(builder.module, signature, name)
    return builder.call(function, arguments)


def splat(builder: ir.IRBuilder, scalar: ir.Value, width: int) -> ir.Value:
    """Broadcast a scalar to all lanes; the splat of a constant is a constant."""
    type_ = ir.VectorType(scalar.type, width)
    if isinstance(scalar, ir.Constant):
        return ir.Splat(type_, scalar.constant)
    undefined = ir.Constant(type_, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)
    return builder.shuffle_vector(first, undefined, zeros)


def address(builder: ir.IRBuilder, base: ir.Value, offset: ir.Value, dtype: str) -> ir.Value:
    """Return the address of an element, `offset` elements behind `base`."""
    return builder.gep(base, [offset], source_etype=FLOATS[dtype])


def prefetch(builder: ir.IRBuilder, pointer: ir.Value, locality: int) -> None:
    """Prefetch a cache line for reading; locality 3 is into all cache levels."""
    hints = [ir.Constant(ir.IntType(32), hint) for hint in (0, locality, 1)]
    call(builder, "llvm.prefetch.p0", [pointer, *hints], ir.VoidType())


def minimum(builder: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """Return the minimum of two signed integers."""
    return builder.select(builder.icmp_signed("<", a, b), a, b)


def maximum(builder: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """Return the maximum of two signed integers."""
    return builder.select(builder.icmp_signed(">", a, b), a, b)


def first_lanes(builder: ir.IRBuilder, count: ir.Value, width: int) -> ir.Value:
    """Return the mask of the first `count` lanes."""
    # 32-bit lanes are enough once the count is limited, and cost half of 64-bit ones.
    limit = minimum(builder, count, index(width))
    limits = splat(builder, builder.trunc(limit, ir.IntType(32)), width)
    lanes = ir.Constant(limits.type, list(range(width)))
    return builder.icmp_signed("<", lanes, limits)


@contextmanager
def counted_loop(
    builder: ir.IRBuilder,
    start: ir.Value,
    stop: ir.Value,
    name: str,
    condition: Callable[[], ir.Value] | None = None,
) -> Generator[ir.Value]:
    """Emit ``for i in range(start, stop)``; its body is written inside the ``with``.

    With a condition, which is emitted before each iteration, it ends where that does not hold.
    """
    with loop_with_carried_values(builder, start, stop, [], name, condition) as (iteration, _, _):
        yield iteration


@contextmanager
def parts(builder: ir.IRBuilder, bounds: Bounds, size: int) -> Generator[Bounds]:
    """Emit the loop over parts of a range, each of `size` but the last; yield the part's range."""
    start, stop = bounds
    length = builder.add(builder.sub(stop, start), index(size - 1))
    count = builder.udiv(length, index(size))
    with counted_loop(builder, index(0), count, "part") as number:
        first = builder.add(start, builder.mul(number, index(size)))
        yield first, minimum(builder, builder.add(first, index(size)), stop)


@contextmanager
def loop_with_carried_values(
    builder: ir.IRBuilder,
    start: ir.Value,
    stop: ir.Value,
    initial: Sequence[ir.Value],
    name: str,
    condition: Callable[[], ir.Value] | None = None,
) -> Generator[tuple[ir.Value, list[ir.Value], list[ir.Value]]]:
    """Emit a counted loop with loop-carried values.

    Gives the induction variable, the carried values (after the ``with``: the final ones), and a
    list to which the body appends their values for the next iteration.
    """
    preheader = builder.block
    head = builder.append_basic_block(f"{name}.head")
    body = builder.append_basic_block(f"{name}.body")
    after = builder.append_basic_block(f"{name}.end")
    builder.branch(head)
    builder.position_at_end(head)
    induction = builder.phi(INDEX, name)
    induction.add_incoming(start, preheader)
    carried = [builder.phi(value.type) for value in initial]
    for phi, value in zip(carried, initial, strict=True):
        phi.add_incoming(value, preheader)
    continues = builder.icmp_signed("<", induction, stop)
    if condition is not None:
        continues = builder.and_(continues, condition())
    builder.cbranch(continues, body, after)
    builder.position_at_end(body)
    following: list[ir.Value] = []
    yield induction, list(carried), following
    increment = builder.add(induction, index(1))
    induction.add_incoming(increment, builder.block)
    for phi, value in zip(carried, following, strict=True):
        phi.add_incoming(value, builder.block)
    builder.branch(head)
    builder.position_at_end(after)

"""A node is one value of a graph, and the tracer: an array-like that records NumPy's operations.

Tracing runs the user's function on nodes in place of arrays, by operator overloading. NumPy hands
each call with a node to ``__array_ufunc__`` (NEP 13) or ``__array_function__`` (NEP 18); the
dispatch table `OPERATIONS`, which ``chainrule.numpy_protocol`` fills, gives the operation, and the
operation returns a new node whose inputs are the operands. The graph is the nodes reached through
``inputs``.

A node is *known* if its value can be computed: under ``grad`` all are, evaluated lazily by NumPy,
so that ``print(x)`` and ``if loss < 1:`` work. Under ``jit`` and inside ``scan`` inputs are
abstract, with a type and no value, and reading a value raises `TraceError`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from chainrule.errors import TraceError, UnsupportedError
from chainrule.graph import trace_errors
from chainrule.graph.array_type import ArrayType, snapshot, type_of
from chainrule.graph.protocol_gaps.array_dot import calls_dot, right_factor
from chainrule.graph.protocol_gaps.foreign_arrays import call_method, overrides_ufuncs
from chainrule.graph.protocol_gaps.implicit_conversion import refuse_implicit_float
from chainrule.graph.source_location import frame_at, user_line

if TYPE_CHECKING:
    from chainrule.graph.primitive import Primitive

__all__ = [
    "OPERATIONS", "Node", "ancestors", "as_node", "compute", "constant", "next_serial", "variable",
]  # fmt: skip

OPERATIONS: dict[Any, Callable[..., Any]] = {}
"""Dispatch table: NumPy function, (ufunc, method) or array method name -> operation on nodes."""

_serials = itertools.count()


class Node(NDArrayOperatorsMixin):
    """One value of a graph: an input, a constant, or the result of a primitive.

    Parameters
    ----------
    primitive : Primitive or None
        The operation that computes it; None for inputs and constants.
    inputs : tuple of Node
        Its operands.
    params : dict
        The static parameters of the primitive: hashable values.
    type : ArrayType or tuple of ArrayType
        Shape and dtype; a tuple for a primitive with several results.
    value : numpy.ndarray or None
        The value, if it has been computed.
    is_constant : bool
        Whether it is a constant of the program, not an input.
    name : str
        The name of an input in printed graphs, such as ``params.W1``.

    Attributes
    ----------
    serial : int
        A number that grows with each node created: ascending serials are a topological order.
    is_known : bool
        Whether the value is there or can be computed on demand.
    layer : str
        The layer whose call created it, if any.
    origin : tuple of (str, int) or None
        File and line of the user's code that created it.
    """

    __slots__ = (
        "_value",
        "inputs",
        "is_constant",
        "is_known",
        "layer",
        "name",
        "origin",
        "params",
        "primitive",
        "serial",
        "type",
    )
    __hash__ = object.__hash__  # pyright: ignore[reportAssignmentType]
    __array_priority__ = 1000

    def __init__(
        self,
        primitive: Primitive | None,
        inputs: tuple[Node, ...],
        params: dict[str, Any],
        type: ArrayType | tuple[ArrayType, ...],
        value: Any = None,
        is_constant: bool = False,
        name: str = "",
    ) -> None:
        self.serial = next(_serials)
        self.primitive = primitive
        self.inputs = inputs
        self.params = params
        self.type = type
        self._value = value
        self.is_constant = is_constant
        self.is_known = value is not None or (
            primitive is not None and all(node.is_known for node in inputs)
        )
        self.name = name
        self.layer = ""
        self.origin = user_line(frame_at(1))

    # The attributes of NumPy arrays.

    @property
    def array_type(self) -> ArrayType:
        """The type, for a node with one result."""
        return cast(ArrayType, self.type)

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self.array_type.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements."""
        return self.array_type.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.array_type.size

    @property
    def T(self) -> Node:  # noqa: N802 (NumPy's name)
        """The axes in reverse order."""
        return OPERATIONS["transpose"](self)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a traced scalar: it has no axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[Node]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Node:
        return OPERATIONS["__getitem__"](self, index)

    def __getattr__(self, name: str) -> Any:
        if name in OPERATIONS and not name.startswith("_"):
            return partial(call_method, OPERATIONS[name], self)
        if not name.startswith("_") and hasattr(np.ndarray, name):
            raise AttributeError(
                f"the array attribute .{name} cannot be traced; "
                f"{trace_errors.suggestion(OPERATIONS, name)}"
            )
        raise AttributeError(f"a traced value has no attribute {name!r}")

    # NumPy's dispatch protocols: calls in the user's function arrive here.

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(overrides_ufuncs(x, Node) for x in inputs):
            return NotImplemented
        destination = options.pop("out", None)
        if destination is not None and destination[0] is not self:
            raise UnsupportedError(
                f"np.{ufunc.__name__}: writing a traced value into an array (out= or an in-place "
                "operator such as a += x) cannot be differentiated; write a = a + x instead"
            )
        key = ufunc if method == "__call__" else (ufunc, method)
        operation = OPERATIONS.get(key)
        if operation is None:
            name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            full_name = f"{trace_errors.namespace_of(ufunc)}{name}"
            operation = OPERATIONS.get(full_name)
            if operation is None:
                remedy = trace_errors.suggestion(OPERATIONS, name)
                raise UnsupportedError(f"{full_name} cannot be traced; {remedy}")
        return operation(*inputs, **options)

    def __array_function__(
        self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if not all(issubclass(each, np.ndarray | Node) for each in types):
            return NotImplemented
        operation = OPERATIONS.get(function)
        if operation is None:
            name = f"{function.__module__}.{function.__name__}".replace("numpy", "np", 1)
            raise UnsupportedError(
                f"{name} cannot be traced; {trace_errors.suggestion(OPERATIONS, function.__name__)}"
            )
        return operation(*args, **kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if calls_dot(frame_at(1)):
            return right_factor(OPERATIONS["dot"], self)
        if self.array_type.is_float:
            raise TraceError(trace_errors.DERIVATIVE_LOST)
        if not self.is_known:
            raise TraceError(trace_errors.UNKNOWN_INDICES)
        return np.array(self.value, dtype)  # integers and booleans carry no derivative

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TraceError(trace_errors.IN_PLACE)

    # Lazy evaluation.

    @property
    def value(self) -> Any:
        """The value, evaluated on demand by NumPy.

        Raises
        ------
        TraceError
            Under ``jit`` and inside ``scan``, where nodes are abstract.
        """
        if not self.is_known:
            raise TraceError(trace_errors.unknown_value(repr(self.type), self.origin))
        compute([self])
        return self._value

    @property
    def known_value(self) -> Any:
        """The value if it has already been computed, else None."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        refuse_implicit_float(frame_at(1), self.array_type.is_float, OPERATIONS)
        return float(self.value)

    def __int__(self) -> int:
        refuse_implicit_float(frame_at(1), self.array_type.is_float, OPERATIONS)
        return int(self.value)

    def __index__(self) -> int:
        return self.value.__index__()

    def __format__(self, specification: str) -> str:
        return format(self.value if self.is_known else repr(self), specification)

    def __str__(self) -> str:
        return str(self.value) if self.is_known else repr(self)

    def __repr__(self) -> str:
        return f"<traced {self.type}{f' = {self.value}' if self.is_known else ''}>"


def as_node(value: Any) -> Node:
    """Return `value` itself if it is a node, else a constant."""
    return value if isinstance(value, Node) else constant(value)


def constant(value: Any) -> Node:
    """Create a constant from an array or number; a writable array is copied."""
    type_ = type_of(value)
    return Node(None, (), {}, type_, snapshot(np.asarray(value, type_.dtype)), is_constant=True)


def variable(type: ArrayType, value: Any = None, name: str = "") -> Node:
    """Create an input of a graph: abstract, or with a known value."""
    return Node(None, (), {}, type, value, name=name)


def ancestors(roots: Iterable[Node], stop: Callable[[Node], bool]) -> list[Node]:
    """List the roots and their transitive inputs in topological order, cut off where `stop`."""
    visited: dict[int, Node] = {}
    pending = list(roots)
    while pending:
        node = pending.pop()
        if node.serial not in visited and not stop(node):
            visited[node.serial] = node
            pending.extend(node.inputs)
    return [visited[serial] for serial in sorted(visited)]


def next_serial() -> int:
    """Return a serial number smaller than that of every node created later."""
    return next(_serials)


def compute(nodes: Iterable[Node]) -> None:
    """Evaluate known nodes by NumPy and store their values in them."""
    for node in ancestors(nodes, lambda each: each.known_value is not None):
        assert node.primitive is not None
        arguments = [each.known_value for each in node.inputs]
        node._value = node.primitive.evaluate(*arguments, **node.params)  # pyright: ignore[reportPrivateUsage]

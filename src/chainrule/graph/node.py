"""A node is one value of a graph, and the tracer: an array-like that records NumPy's operations.

Tracing runs the user's function on nodes in place of arrays, by operator overloading
(`ArrayInterface`): each operation returns a new node whose inputs are the operands. The graph is
the nodes reached through ``inputs``.

A node is *known* if its value can be computed: under ``grad`` all are, evaluated lazily by NumPy,
so that ``print(x)`` and ``if loss < 1:`` work. Under ``jit`` and inside ``scan`` inputs are
abstract, with a type and no value, and reading a value raises `TraceError`.

A value of a graph never changes; an array does, by ``x[i] = v`` and ``x += v``. The node that the
user's code holds stands for an array: a store gives it a `Cell` with the node of its new content,
and a view (``x[1:]``, ``x.T``) remembers its base. An operation reads the content (`as_node`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.blas_threads import ON_ONE_THREAD, one_blas_thread
from chainrule.errors import TraceError
from chainrule.graph import trace_errors
from chainrule.graph.array_interface import ATTRIBUTES, OPERATIONS, ArrayInterface, refused
from chainrule.graph.array_type import ArrayType, snapshot, type_of
from chainrule.graph.captured_arrays import capturing
from chainrule.graph.environment import Environment, current_environment
from chainrule.graph.protocol_gaps.control_flow import control_flow_remedy
from chainrule.graph.source_location import frame_at, user_instruction

if TYPE_CHECKING:
    from chainrule.graph.primitive import Primitive

__all__ = [
    "ATTRIBUTES", "OPERATIONS", "Cell", "Node", "ancestors", "as_node", "compute", "constant",
    "is_differentiable", "next_serial", "variable", "view_steps",
]  # fmt: skip

_serials = itertools.count()


@dataclass(frozen=True, slots=True)
class Cell:
    """The content of an array after a store: its node, in the trace whose code stored it.

    `version` counts the stores into the base; the content of a view is read anew after each.
    """

    environment: Environment
    version: int
    content: Node


class Node(ArrayInterface):
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
    origin : tuple or None
        The instruction of the user's code that created it; see `source_location`.
    role : Node, str or None
        What it is for, in printed graphs: the value that it is the cotangent of, or a name.
    cell : Cell or None
        Its content after stores, for the node of an array that was written to.
    view_of : (Node, Node, bool) or None
        For a view: the array it is a view of, the content from which it was made, and whether it
        is certain that NumPy returns a view.
    python_type : type or None
        The class of the value without tracing, where it is not that of a NumPy result: ``float``
        for an argument that is a Python number, ``numpy.ndarray`` for an array without axes.
    """

    __slots__ = (
        "_value",
        "cell",
        "inputs",
        "is_constant",
        "is_known",
        "layer",
        "name",
        "origin",
        "params",
        "primitive",
        "python_type",
        "role",
        "serial",
        "type",
        "view_of",
    )
    __hash__ = object.__hash__  # pyright: ignore[reportAssignmentType]

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
            primitive is not None and all([node.is_known for node in inputs])  # noqa: C419 (faster)
        )
        self.name = name
        self.layer = ""
        self.cell: Cell | None = None
        self.view_of: tuple[Node, Node, bool] | None = None
        self.python_type: Any = None
        self.role: Node | str | None = None
        self.origin = user_instruction(frame_at(2))

    @property
    def array_type(self) -> ArrayType:
        """The type, for a node with one result."""
        return self.type  # pyright: ignore[reportReturnType] (cast() takes time)

    @property
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The class of the value without tracing, which ``isinstance(x, np.ndarray)`` asks for."""
        if self.python_type is not None:
            return self.python_type
        if type(self.type) is tuple:
            return Node
        return np.ndarray if self.array_type.shape else self.array_type.dtype.type

    # Lazy evaluation.

    @property
    def value(self) -> Any:
        """The value, evaluated on demand by NumPy.

        Raises
        ------
        TraceError
            Under ``jit`` and inside ``scan``, where nodes are abstract.
        """
        content = as_node(self)
        if not content.is_known:
            remedy = control_flow_remedy(user_instruction(frame_at(1)))
            message = trace_errors.unknown_value(repr(self.type), self.origin, remedy)
            raise refused(message)
        compute([content])
        return content.known_value

    @property
    def known_value(self) -> Any:
        """The value if it has already been computed, else None."""
        return self._value

    @property
    def is_convertible(self) -> bool:
        """Whether a conversion to a plain number loses no derivative, and the value is known."""
        content = as_node(self)
        if not content.is_known:
            return False
        return not content.array_type.is_float or not is_differentiable(content)

    def __format__(self, specification: str) -> str:
        return format(self.value, specification) if self.is_known else repr(self)

    def __str__(self) -> str:
        return str(self.value) if self.is_known else repr(self)

    def __repr__(self) -> str:
        return f"<traced {self.type}{f' = {self.value}' if self.is_known else ''}>"


def is_differentiable(node: Node) -> bool:
    """Whether a derivative may be taken of a node: whether it depends on a variable."""
    visited: set[int] = set()
    pending = [node]
    while pending:
        each = pending.pop()
        if each.primitive is None and not each.is_constant:
            return True
        is_stopped = each.primitive is not None and each.primitive.name == "stop_gradient"
        if each.serial not in visited and not is_stopped:
            visited.add(each.serial)
            pending.extend(each.inputs)
    return False


def as_node(value: Any) -> Node:
    """Return the content of an array, if `value` is its node; make anything else a constant."""
    if type(value) is not Node:
        return constant(value)
    return value if value.cell is None and value.view_of is None else _content(value)


def _content(node: Node) -> Node:
    """The content of an array at present: after a store, by its cell or from its base."""
    environment = current_environment()
    base = node
    while base.view_of is not None:
        base = base.view_of[0]
    stored = base.cell
    if stored is None or environment is None or not environment.is_within(stored.environment):
        return node
    cell = node.cell
    if cell is None or cell.version != stored.version or cell.environment != stored.environment:
        assert node.view_of is not None
        if not node.view_of[2]:
            raise TraceError(trace_errors.UNKNOWN_ORDER)
        content = _content(node.view_of[0])
        for step in view_steps(node):
            assert step.primitive is not None
            content = step.primitive(content, *step.inputs[1:], **step.params)
        node.cell = cell = Cell(stored.environment, stored.version, content)
    return cell.content


def view_steps(node: Node) -> list[Node]:
    """The index maps from the content of the array that `node` is a view of to the node."""
    assert node.view_of is not None
    source = node.view_of[1]
    steps: list[Node] = []
    while node is not source:
        steps.append(node)
        node = node.inputs[0]
    return steps[::-1]


def constant(value: Any) -> Node:
    """Create a constant from an array or number; a writable array is copied.

    An array that the traced function has captured is an input of a program that is kept.
    """
    if type(value) is np.ndarray and (captured := capturing.get()) is not None:
        node = captured.node_of(value)
        if node is not None:
            return node
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
    pending = ancestors(nodes, lambda each: each.known_value is not None)
    if ON_ONE_THREAD and not ON_ONE_THREAD.isdisjoint(
        [node.primitive.evaluate for node in pending if node.primitive]
    ):
        with one_blas_thread():
            _compute(pending)
    else:
        _compute(pending)


def _compute(nodes: Iterable[Node]) -> None:
    node: Node | None = None
    try:
        for node in nodes:
            assert node.primitive is not None
            arguments = [each.known_value for each in node.inputs]
            node._value = node.primitive.evaluate(*arguments, **node.params)  # pyright: ignore[reportPrivateUsage]
    except np.linalg.LinAlgError as error:
        # It is evaluated later than the user's line that it belongs to.
        place = "" if node is None else trace_errors.source_text(node.origin)
        raise np.linalg.LinAlgError(f"{error}{place}") from None

"""From a graph to something that runs: simplify, then hand it to the evaluator.

``jit`` traces a function once for each combination of argument types and then runs the program
without looking at the Python code again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import tree
from chainrule.compiler.driver import Program, compile_graph
from chainrule.errors import ArgumentError
from chainrule.graph.array_type import type_of
from chainrule.graph.node import Node
from chainrule.graph.trace import Traced, is_number, trace_call
from chainrule.graph.trace_errors import check_function

if TYPE_CHECKING:
    pass

__all__ = ["jit"]

_LARGEST_CACHE = 128
"""Programs kept by one jitted function; the one unused for longest goes first."""


def jit(
    function: Callable[..., Any],
    static_argnums: int | Iterable[int] = (),
    static_argnames: str | Iterable[str] = (),
) -> Callable[..., Any]:
    """Make a function that is traced once for each combination of argument types.

    Parameters
    ----------
    function : callable
        Plain NumPy code whose steps depend on shapes and dtypes alone, not on values.
    static_argnums, static_argnames : int, str or several of them
        Arguments whose value is part of the program; they must be hashable. Text, functions and
        other things that are not numbers are always static.

    Returns
    -------
    callable
        Takes and returns nested containers of arrays, as `function` does.

    Raises
    ------
    TraceError
        Where the function asks for a value, as in ``if x > 0``; the message says what to write.

    Examples
    --------
    >>> fast = jit(lambda x, y: x @ y)
    >>> fast(np.eye(2), np.ones(2))
    array([1., 1.])
    """
    check_function("jit", function)
    programs: OrderedDict[Any, tuple[Program, Traced]] = OrderedDict()
    quick: dict[Any, Callable[[tuple[Any, ...]], Any]] = {}
    numbers = {static_argnums} if isinstance(static_argnums, int) else set(static_argnums)
    names = {static_argnames} if isinstance(static_argnames, str) else set(static_argnames)

    @wraps(function)
    def compiled(*args: Any, **kwargs: Any) -> Any:
        # Arrays are known by a look at each: all else takes longer than a small program.
        kinds: Any = None
        if args and not kwargs:
            kinds = tuple([(x.dtype, x.shape) if type(x) is np.ndarray else None for x in args])
            if (ready := quick.get(kinds)) is not None:
                return ready(args)
        args = tuple(_Static(x) if i in numbers else x for i, x in enumerate(args))
        kwargs = {key: _Static(x) if key in names else x for key, x in kwargs.items()}
        leaves, structure = tree.flatten((args, kwargs))
        if any(isinstance(leaf, Node) for leaf in leaves):
            return _unwrapped(function)(*args, **kwargs)
        key = (structure, *map(_leaf_key, leaves))
        found = programs.get(key)
        if found is None:
            traced = trace_call(_unwrapped(function), args, kwargs)
            found = programs[key] = compile_graph(traced.graph), traced
            if len(programs) > _LARGEST_CACHE:
                programs.popitem(last=False)
                quick.clear()
            is_quick = kinds and not numbers and all(k and k[0].isnative for k in kinds)
            if is_quick and (ready := _of_arrays(*found)):
                quick[kinds] = ready
        else:
            programs.move_to_end(key)
        program, traced = found
        inputs = [_native(leaf) for leaf in leaves if is_number(leaf)]
        return traced.nest(_detached(program(inputs), inputs))

    return compiled


class _Static:
    """An argument that is part of the program; two are the same where their values are equal."""

    def __init__(self, value: Any) -> None:
        self.value = value
        try:
            hash(value)
        except TypeError:
            raise ArgumentError(
                f"jit: a static argument must be hashable, got a {type(value).__name__}; pass a "
                "tuple instead of a list, or leave arrays to be traced"
            ) from None

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))

    def __eq__(self, other: object) -> bool:
        same_kind = isinstance(other, _Static) and type(self.value) is type(other.value)
        return same_kind and self.value == other.value  # pyright: ignore[reportAttributeAccessIssue]


def _unwrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with the values of static arguments in their place."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        plain = [x.value if isinstance(x, _Static) else x for x in args]
        named = {key: x.value if isinstance(x, _Static) else x for key, x in kwargs.items()}
        return function(*plain, **named)

    return call


def _of_arrays(program: Program, traced: Traced) -> Callable[[tuple[Any, ...]], Any] | None:
    """A native program as a function of arrays of its types; its results need no copies."""
    run = getattr(program, "run", None)
    if run is None:
        return None
    if traced.structure == tree.LEAF and traced.leaves == (None,):
        return lambda args: _scalar_or_array(run(args)[0])
    return lambda args: traced.nest([_scalar_or_array(each) for each in run(args)])


def _scalar_or_array(array: Any) -> Any:
    return array if array.shape else array[()]


def _leaf_key(leaf: Any) -> Any:
    if is_number(leaf):
        return type_of(leaf)
    return leaf if isinstance(leaf, _Static) else _Static(leaf)


def _native(leaf: Any) -> Any:
    """The array in this machine's byte order."""
    array = np.asarray(leaf)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _detached(outputs: list[Any], inputs: Sequence[Any]) -> list[Any]:
    """Results as arrays of their own, which the user may write to; scalars for shape ()."""
    taken = {id(each) for each in inputs}
    results: list[Any] = []
    for value in outputs:
        if not value.shape:
            value = value[()]
        elif not value.flags.owndata or not value.flags.writeable or id(value) in taken:
            value = np.array(value)
        taken.add(id(value))
        results.append(value)
    return results

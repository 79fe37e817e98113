"""jit: trace and compile a function once for each signature, the types of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.array_classes import refuse_other_arithmetic
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.recompilation import note_compiled
from chainrule.compiler.call_signature import Signature, call_signature, is_native
from chainrule.compiler.jitted_programs import OUT_OF_DATE, JittedPrograms
from chainrule.compiler.static_arguments import static_arguments
from chainrule.errors import ArgumentError
from chainrule.graph.array_type import type_of
from chainrule.graph.environment import current_environment
from chainrule.graph.node import Node
from chainrule.graph.trace import is_number
from chainrule.graph.trace_errors import check_function
from chainrule.tracebacks import cut_frames

__all__ = ["jit", "jit_without_stores"]


@answers_foreign_names(CORE_ALIASES)
def jit(
    function: Callable[..., Any],
    static_argnums: int | Iterable[int] = (),
    static_argnames: str | Iterable[str] = (),
) -> Callable[..., Any]:
    """Compile a function, traced once for each combination of argument types.

    Parameters
    ----------
    function : callable
        Plain NumPy code whose steps depend on shapes and dtypes alone, not on values.
    static_argnums, static_argnames : int, str or several of them
        Arguments whose value is part of the program, however they are passed; they must be
        hashable. Strings, functions and whatever else is not numeric are always static.

    Returns
    -------
    callable
        Takes and returns nested containers of arrays, as `function` does.

    Raises
    ------
    ArgumentError
        If the function has no such argument.
    TraceError
        If control flow depends on a value, as in ``if x > 0``, if random numbers are drawn, or if
        a traced value is stored where later calls could not store it again, as in a list that
        grows; the message says what to write.

    Notes
    -----
    What the function reads from outside counts as it is at each call: closure cells, globals,
    defaults, and the attributes and items of objects, in the functions and methods that it calls
    too. Arrays are inputs of the program; other values are compared before each call, and a change
    traces the function again (TorchDynamo's *guards*). A place that the function rebinds, as by
    ``self.w = self.w - rate * g``, is written at each call. Other effects, such as printing, happen
    only while it is traced. Not seen are changes inside installed packages, behind
    ``__getattr__``, of the clock and of files, and beyond the 5,000th object reached.

    Examples
    --------
    >>> import numpy as np
    >>> fast = jit(lambda x, y: x @ y)
    >>> fast(np.eye(2), np.ones(2))
    array([1., 1.])
    """
    check_function("jit", function)
    return _jitted(function, static_argnums, static_argnames)


def jit_without_stores(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function as `jit` does, but what it changes outside is undone, not done again.

    It is for derivatives of a function whose value is that of a call of the function itself.
    """
    return _jitted(function, (), (), discards=True)


def _jitted(
    function: Callable[..., Any],
    static_argnums: int | Iterable[int],
    static_argnames: str | Iterable[str],
    discards: bool = False,
) -> Callable[..., Any]:
    programs = JittedPrograms(function, _unwrapped(function), discards)
    fast_paths = programs.fast_paths
    positions, names = static_arguments(function, static_argnums, static_argnames)

    @wraps(function)
    def compiled(*args: Any, **kwargs: Any) -> Any:
        try:
            # Of arrays and numbers, as the general key takes longer than a small program.
            values: list[Any] = []
            signature = call_signature(args, kwargs, values)
            if (fast_path := fast_paths.get(signature)) is not None:
                result = fast_path(values)
                if result is not OUT_OF_DATE:
                    return result
            return run(signature, args, kwargs)
        except Exception as error:
            cut_frames(error)
            raise

    def run(signature: Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        args = tuple(_Static(x) if i in positions else x for i, x in enumerate(args))
        kwargs = {key: _Static(x) if key in names else x for key, x in kwargs.items()}
        leaves, structure = tree.flatten((args, kwargs))
        # Within a trace it is a part of that, and may have captured traced values.
        if current_environment() is not None or any(type(leaf) is Node for leaf in leaves):
            return programs.function(*args, **kwargs)
        is_fast = signature and not (positions or names) and is_native(signature)
        key = (structure, *map(_leaf_key, leaves))
        static = [_static_value(each) for each in leaves if not is_number(each)]
        return programs.run(key, signature if is_fast else None, leaves, static, args, kwargs)

    note_compiled(
        compiled, function, lambda each: _jitted(each, static_argnums, static_argnames, discards)
    )
    return compiled


class _Static:
    """A static argument: equal to another one of the same type and an equal value."""

    def __init__(self, value: Any) -> None:
        self.value = value
        try:
            hash(value)
        except TypeError:
            refuse_other_arithmetic(value, "jit: an argument")
            raise ArgumentError(
                f"jit: a static argument must be hashable, got a {type(value).__name__}; pass a "
                "tuple instead of a list, or leave arrays to be traced"
            ) from None

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))

    def __eq__(self, other: object) -> bool:
        same_type = isinstance(other, _Static) and type(self.value) is type(other.value)
        return same_type and self.value == other.value  # pyright: ignore[reportAttributeAccessIssue]


def _static_value(leaf: Any) -> Any:
    return leaf.value if isinstance(leaf, _Static) else leaf


def _unwrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function that takes static arguments as `_Static`."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        named = {key: _static_value(x) for key, x in kwargs.items()}
        return function(*map(_static_value, args), **named)

    return call


def _leaf_key(leaf: Any) -> Any:
    if is_number(leaf):
        return type_of(leaf)
    return leaf if isinstance(leaf, _Static) else _Static(leaf)

"""Plain arrays of a layer that look like weights or state, which training leaves as they are.

::

    self.W = np.random.randn(4, 3)              warned of: create it by self.parameter
    self.mean = 0.9 * self.mean + 0.1 * m       refused in forward: the new value would be lost

Constants, such as a filter, the statistics of data or a table of positions, are told apart by where
they come from, an argument of the constructor, and by their values, which are not drawn.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.errors import TraceError, warn
from chainrule.graph.reachable_state import find_reachable_state
from chainrule.nn import environment

__all__ = ["refuse_lost_update", "warn_of_plain_weights"]

_FORWARD = ("forward", "train_forward", "pre_activation", "backward")


def refuse_lost_update(layer: Any, name: str, value: Any) -> None:
    """Refuse to replace a number or array by one that was computed from it, while traced."""
    kind, old = type(layer), vars(layer).get(name, vars(type(layer)).get(name))
    is_number = old is None or (
        isinstance(old, int | float | np.number | np.ndarray) and not isinstance(old, bool)
    )
    if is_number and environment.is_training(value) and _is_updated(kind, name):
        shape = np.shape(value if old is None else old)
        raise TraceError(
            f"{layer._title()}: {name} is updated in training, but the new value of a plain "
            f"attribute is lost after each step; create it in build, as self.{name} = "
            f'self.parameter("{name}", {shape}, "zeros", trainable=False), and assign '
            f"self.{name}.value = ... in forward where training is True; weights are updated by "
            f"the optimiser, from self.{name}.grad = ... in a backward"
        )


def warn_of_plain_weights(layers: Iterable[Any]) -> None:
    """Warn, for each layer, of the arrays that its forward reads and that look like weights."""
    for layer in layers:
        kind = type(layer)
        if kind.__module__.startswith("chainrule."):
            continue
        found = dict(_plain_weights(layer, kind))
        if not found:
            continue
        names = ", ".join(f"{name} {array.shape}" for name, array in found.items())
        name, array = next(iter(found.items()))
        own = name.partition("[")[0]
        warn(
            f"fit: {layer._title()} computes with {names}, plain attributes that are not trained; "
            f'if they are weights, create them in build, as self.{own} = self.parameter("{own}", '
            f'{array.shape}, "normal"); a constant is one with trainable=False, or an argument of '
            "the constructor"
        )


def _plain_weights(layer: Any, kind: type) -> Iterator[tuple[str, Any]]:
    read, written = _attributes_in(kind, _FORWARD)
    arrays = [
        (name, path, each)
        for name, value in _attributes(layer, kind).items()
        if name in read - written
        for path, each in _float_arrays(value)
    ]
    given, _ = tree.flatten(dict(layer._arguments.arguments))
    arrays = [each for each in arrays if not any(_is_same(each[2], one) for one in given)]
    if not arrays:
        return
    is_drawn, (_, made_in_build) = _draws_random_numbers(kind), _attributes_in(kind, ("build",))
    features = (layer.input_shape or (None,))[-1]
    for name, path, each in arrays:
        in_class = name not in vars(layer)
        is_random = (is_drawn or (in_class and each.ndim > 1)) and _looks_random(each)
        is_initial = is_drawn or (name in made_in_build and features in each.shape)
        if is_random or (is_initial and each.size > 1 and bool(np.all(each == each.flat[0]))
                         and each.flat[0] in (0, 1)):  # fmt: skip
            yield f"{name}{path}", each


def _attributes(layer: Any, kind: type) -> dict[str, Any]:
    own = {name: each for name, each in vars(layer).items() if name[:1] != "_" or name[1:2] != "_"}
    for each in kind.__mro__:
        if not each.__module__.startswith("chainrule.") and each is not object:
            own = vars(each) | own
    return {name: each for name, each in own.items() if name not in environment.INTERNAL}


def _float_arrays(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, np.ndarray | list | tuple | dict):
        leaves, _ = tree.flatten(value)
        for path, leaf in zip(tree.paths(value), leaves, strict=True):
            if type(leaf) is np.ndarray and leaf.dtype.kind == "f" and leaf.size > 1:
                yield path, leaf


def _is_same(array: Any, other: Any) -> bool:
    """Whether an array has the values of another one, perhaps in another dtype."""
    if not isinstance(other, np.ndarray) or other.shape != array.shape:
        return False
    return np.shares_memory(array, other) or bool(np.allclose(array, other))


def _looks_random(array: Any) -> bool:
    """Whether the values are all different, and hardly any is a short decimal."""
    values = np.ravel(array)
    is_long = np.abs(values - np.round(values, 5)) > 1e-9
    return len(np.unique(values)) == len(values) > 1 and bool(np.mean(is_long) > 0.9)


@lru_cache(None)
def _draws_random_numbers(kind: type) -> bool:
    """Whether the constructor or the build of a class, or what they call, names random numbers."""
    state = find_reachable_state(*(getattr(kind, name) for name in ("__init__", "build")))
    return state.names_randomness or bool(state.generators)


@lru_cache(None)
def _attributes_in(kind: type, methods: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the attributes that methods, and those that these name, read, and that they write."""
    functions = _methods(kind)
    pending, visited = list(methods), set[str]()
    read, written = set[str](), set[str]()
    while pending:
        name = pending.pop()
        if name in visited:
            continue
        visited.add(name)
        for code in functions.get(name, ()):
            for operation, attribute in _accesses(code):
                (written if operation == "STORE_ATTR" else read).add(attribute)
        pending += [each for each in read if each in functions and each != "__init__"]
    return frozenset(read), frozenset(written)


def _is_updated(kind: type, name: str) -> bool:
    """Whether some method reads an attribute before it writes it, as in ``self.n = self.n + 1``."""
    for codes in _methods(kind).values():
        for code in codes:
            accesses = [operation for operation, each in _accesses(code) if each == name]
            operations = [each for each in accesses if each != "LOAD_OTHER"]
            if "STORE_ATTR" in operations and operations[0] != "STORE_ATTR":
                return True
    return False


def _methods(kind: type) -> dict[str, list[CodeType]]:
    functions: dict[str, list[CodeType]] = {}
    for each in kind.__mro__:
        if not each.__module__.startswith("chainrule.") and each is not object:
            for name, member in vars(each).items():
                function = getattr(member, "fget", member)
                if isinstance(function, FunctionType):
                    functions.setdefault(name, []).append(function.__code__)
    return functions


@lru_cache(1024)
def _accesses(code: CodeType, layer: str = "") -> tuple[tuple[str, str], ...]:
    """Return the reads and writes of attributes in the order of the code, inner functions last.

    Reads of another object than the layer, the first argument, are LOAD_OTHER, as ``np.mean``.
    """
    layer = layer or "".join(code.co_varnames[: min(code.co_argcount, 1)])
    found: list[tuple[str, str]] = []
    is_layer = False
    for each in dis.get_instructions(code):
        if each.opname == "STORE_ATTR":
            found.append(("STORE_ATTR", str(each.argval)))
        elif each.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            found.append(("LOAD_ATTR" if is_layer else "LOAD_OTHER", str(each.argval)))
        if each.opname != "COPY":  # as in ``self.n += 1``
            names = each.argval if isinstance(each.argval, tuple) else (each.argval,)
            is_layer = each.opname.startswith(("LOAD_FAST", "LOAD_DEREF")) and names[-1] == layer
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    return (*found, *(access for each in inner for access in _accesses(each, layer)))

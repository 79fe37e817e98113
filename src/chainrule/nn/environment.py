"""The environment of a trace through layers: what it binds to parameters and sets on layers.

::

    environment = parameter -> value, parameter -> gradient, (layer, attribute) -> value

Tracing runs layers on nodes. What is bound to a parameter, the gradients that a manual ``backward``
sets and the attributes that ``forward`` assigns are stored here and not in the shared objects, so a
trace is invisible to other threads and leaves no node behind. A context variable holds the
environment; reads that it does not answer fall back on the object itself.
"""

from __future__ import annotations

import copy
import inspect
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, cast

import numpy as np

from chainrule.graph.environment import SCOPES
from chainrule.graph.node import Node
from chainrule.locks import fork_lock

__all__ = [
    "INTERNAL", "LayerEnvironment", "copied", "current", "entered", "has_node", "is_computed",
    "is_training",
    "saved_attributes", "snapshot", "suspended", "unbound_parameters",
]  # fmt: skip

INTERNAL = ("_arguments", "_binding", "_lock", "_parameters")
"""Attributes of a layer that no ``forward`` writes."""


class LayerEnvironment:
    """Values and gradients of parameters, and attributes of layers, in one trace."""

    __slots__ = ("attributes", "backward_of", "gradients", "layers", "unbound", "values")

    def __init__(self, outer: LayerEnvironment | None = None) -> None:
        self.backward_of = ""  # title of the layer whose manual backward runs
        self.unbound: list[Any] | None = None  # in fit, trainable parameters that it does not train
        self.values: dict[Any, Any] = {}
        self.gradients: dict[Any, Any] = {}
        self.layers: dict[int, Any] = {}  # by id, which remains unique as they are kept alive
        self.attributes: dict[int, dict[str, Any]] = {}
        if outer is not None:
            self.backward_of, self.unbound = outer.backward_of, outer.unbound
            self.values |= outer.values
            self.gradients |= outer.gradients
            self.layers |= outer.layers
            self.attributes = {key: dict(names) for key, names in outer.attributes.items()}

    def note_unbound(self, parameter: Any) -> None:
        """Note that a trainable parameter is read which the training in progress does not have."""
        if self.unbound is not None and parameter.trainable:
            self.unbound.append(parameter)

    def set_attribute(self, layer: Any, name: str, value: Any) -> None:
        """Set an attribute of a layer, in this environment alone."""
        self.layers[id(layer)] = layer
        self.attributes.setdefault(id(layer), {})[name] = value
        _install(type(layer), name)

    def copy_containers(self, layers: Iterable[Any]) -> None:
        """Copy the lists, dicts and sets of layers, as ``forward`` may write into them."""
        for layer in layers:
            for name, value in _attributes(layer).items():
                if _is_store(value):
                    self.set_attribute(layer, name, copied(value))

    def restore(self, layer: Any, attributes: Mapping[str, Any]) -> None:
        """Set the attributes of a layer to those of an earlier moment."""
        now = _attributes(layer)
        for name, value in attributes.items():
            if now.get(name, self) is not value:
                self.set_attribute(layer, name, value)

    def keep_attributes(self, outer: LayerEnvironment | None) -> None:
        """Hand the attributes without abstract nodes on to the outer environment or the layers."""
        for layer, name, value in self._new_attributes():
            if not _any(_is_abstract, value):
                _keep(outer, layer, name, value if outer is not None else _settled(value))

    def keep_all(self, outer: LayerEnvironment | None) -> None:
        """Hand all on, the state and gradients of parameters too; abstract nodes to a trace."""
        if outer is None:
            self.keep_attributes(outer)
        else:
            for layer, name, value in self._new_attributes():
                outer.set_attribute(layer, name, value)
        for parameter, value in self.values.items():
            if outer is None or outer.values.get(parameter, self) is not value:
                parameter.value = value if outer is not None else _settled(value)
        for parameter, value in self.gradients.items():
            if outer is None or outer.gradients.get(parameter, self) is not value:
                parameter.grad = value if outer is not None else _settled(value)

    def _new_attributes(self) -> Iterator[tuple[Any, str, Any]]:
        for key, names in self.attributes.items():
            for name, value in names.items():
                yield self.layers[key], name, value


_current: ContextVar[LayerEnvironment | None] = ContextVar("layer environment", default=None)

current = _current.get
"""Return the environment of the trace in progress, or None."""


def is_training(value: Any) -> bool:
    """Whether a value of ``fit``, or of a manual backward, is assigned, which is lost after it."""
    now = _current.get()
    return (
        now is not None
        and (now.unbound is not None or bool(now.backward_of))
        and _any(_is_abstract, value)
    )


def unbound_parameters() -> list[Any] | None:
    """Return the parameters noted by `LayerEnvironment.note_unbound`; None outside of ``fit``."""
    now = _current.get()
    return None if now is None else now.unbound


def snapshot() -> LayerEnvironment | None:
    """Return a copy of the current environment, or None."""
    now = _current.get()
    return None if now is None else LayerEnvironment(now)


@contextmanager
def entered(
    outer: LayerEnvironment | None = None,
    keep: Callable[[LayerEnvironment, LayerEnvironment | None], None] | None = None,
) -> Generator[LayerEnvironment]:
    """Enter an environment within `outer`, by default the current one.

    If the block does not raise, `keep` hands on what is kept: by default, attributes.
    """
    outer = outer or _current.get()
    environment = LayerEnvironment(outer)
    token = _current.set(environment)
    try:
        yield environment
    finally:
        _current.reset(token)
    (keep or LayerEnvironment.keep_attributes)(environment, outer)


class _TraceScope:
    """The environment of a whole trace; as `entered`, but with less work."""

    __slots__ = ("_environment", "_outer", "_token")

    def __enter__(self) -> None:
        self._outer = _current.get()
        self._environment = LayerEnvironment(self._outer)
        self._token = _current.set(self._environment)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _current.reset(self._token)
        if kind is None:
            self._environment.keep_all(self._outer)


SCOPES.append(_TraceScope)


@contextmanager
def suspended() -> Generator[None]:
    """Leave all environments, so that what is assigned to a layer is its own."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def saved_attributes(layer: Any) -> dict[str, Any]:
    """Return the attributes of a layer, with copies of the containers it can write into.

    Containers of sublayers are structure, and not copied.
    """
    return {
        name: copied(value) if _is_store(value) else value
        for name, value in _attributes(layer).items()
    }


def _attributes(layer: Any) -> dict[str, Any]:
    """Return the attributes of a layer as the current environment sees them."""
    environment = _current.get()
    traced = {} if environment is None else environment.attributes.get(id(layer), {})
    own: dict[str, Any] = dict(vars(layer))
    return {name: value for name, value in (own | traced).items() if name not in INTERNAL}


class _TracedAttribute:
    """Descriptor of an attribute that some trace has set: its value there, or the layer's own."""

    def __init__(self, name: str, default: Any) -> None:
        self.name, self.default = name, default

    def __get__(self, layer: Any, kind: type) -> Any:
        if layer is not None:
            environment = _current.get()
            if environment is not None:
                traced = environment.attributes.get(id(layer))
                if traced is not None and self.name in traced:
                    return traced[self.name]
            own: dict[str, Any] = vars(layer)
            if self.name in own:
                return own[self.name]
        return self._inherited(layer, kind)

    def __set__(self, layer: Any, value: Any) -> None:
        vars(layer)[self.name] = value

    def __delete__(self, layer: Any) -> None:
        environment = _current.get()
        traced = None if environment is None else environment.attributes.get(id(layer))
        owner: dict[str, Any] = vars(layer) if traced is None else traced
        if self.name not in owner:
            raise AttributeError(self.name)
        del owner[self.name]

    def _inherited(self, layer: Any, kind: type) -> Any:
        """Return the attribute of the class, of which this descriptor has taken the place."""
        for each in kind.__mro__:
            found = vars(each).get(self.name, _MISSING)
            found = found.default if isinstance(found, _TracedAttribute) else found
            if found is not _MISSING:
                bind = getattr(type(found), "__get__", None)
                return found if bind is None else bind(found, layer, kind)
        raise AttributeError(f"{kind.__name__!r} object has no attribute {self.name!r}")


_MISSING: Any = object()
_installation = fork_lock()


def is_computed(kind: type, name: str) -> bool:
    """Whether assignment to an attribute calls a method of the class, as that of a property."""
    found = inspect.getattr_static(kind, name, None)
    return hasattr(type(found), "__set__") and not isinstance(found, _TracedAttribute)


def _install(kind: type, name: str) -> None:
    """Let reads of an attribute ask the current environment first."""
    if isinstance(vars(kind).get(name), _TracedAttribute):
        return
    with _installation:
        default = vars(kind).get(name, _MISSING)
        if not isinstance(default, _TracedAttribute):
            setattr(kind, name, _TracedAttribute(name, default))


def _keep(outer: LayerEnvironment | None, layer: Any, name: str, value: Any) -> None:
    """Set an attribute in the outer environment, or else that of the layer, if it is another."""
    if outer is not None:
        outer.set_attribute(layer, name, value)
    elif not _is_same(value, vars(layer).get(name, _MISSING)):
        vars(layer)[name] = value


def _settled(value: Any) -> Any:
    """Replace known nodes by arrays, in containers too."""
    if isinstance(value, Node):
        return value if _is_abstract(value) else np.array(value.value)
    if not has_node(value):
        return value
    items = [_settled(each) for each in _items(value) or ()]
    if isinstance(value, dict):
        return dict(zip(cast(dict[Any, Any], value), items, strict=True))
    return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)


def _is_abstract(value: Any) -> bool:
    return isinstance(value, Node) and not value.is_known


def _items(value: Any) -> list[Any] | None:
    """Return the items of a container, or None."""
    if isinstance(value, dict):
        return list(cast(dict[Any, Any], value).values())
    if isinstance(value, list | tuple | set | deque):
        return list(cast(Iterable[Any], value))
    return None


def _is_store(value: Any) -> bool:
    """Whether a value is a container that can be written into, and holds no sublayers."""
    return isinstance(value, dict | list | set | deque) and not _any(_is_layer, value)


def _is_layer(value: Any) -> bool:
    return hasattr(value, "_parameters")


def has_node(value: Any) -> bool:
    """Whether a value is a node, or a container of some."""
    return _any(lambda each: isinstance(each, Node), value)


def _any(condition: Callable[[Any], bool], value: Any) -> bool:
    """Whether a condition holds for some item of a nested container."""
    items = _items(value)
    return condition(value) if items is None else any(_any(condition, each) for each in items)


def copied(value: Any) -> Any:
    """Copy containers, at all depths, and nothing else."""
    if not isinstance(value, dict | list | set | deque):
        return value
    result: Any = copy.copy(value)
    if not isinstance(value, set):
        keys = list(result) if isinstance(value, dict) else range(len(result))
        for key in keys:
            result[key] = copied(result[key])
    return result


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same object, or containers of the same objects."""
    mine, others = _items(one), _items(other)
    if one is other or mine is None or others is None or type(one) is not type(other):
        return one is other
    keys_agree = not isinstance(one, dict) or list(one) == list(other)
    return keys_agree and len(mine) == len(others) and all(map(_is_same, mine, others))

"""Reachable state: the closure cells, globals, attributes and items that a function may read.

A function is followed through its closure cells, defaults and the globals that its bytecode names
to other functions, bound methods, ``functools.partial``, classes and objects. Of an object those
attributes count that some function reached names anywhere: this includes every attribute chain
such as ``self.model.rate``, also through local aliases. Lists, tuples, dictionaries and sets count
with their entries. Installed packages are not entered, apart from what their objects hold.
"""

from __future__ import annotations

import dis
import functools
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from types import (
    BuiltinMethodType,
    CodeType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, cast

import numpy as np

from chainrule.graph.place import MISSING, Place
from chainrule.graph.source_location import is_library_class, is_library_file

__all__ = ["ReachableState", "find_reachable_state"]

MAX_VALUES, MAX_ENTRIES, MAX_SCALARS = 5000, 1000, 64
"""Limits: values in all, and entries of a container, or numbers of a list, that count singly."""

Generator = np.random.Generator | np.random.BitGenerator | np.random.RandomState | random.Random


@dataclass
class ReachableState:
    """The places found, the user's functions that read them, and the generators.

    `lists` are the containers that can grow, and `known` all values visited, by their ids.
    """

    places: dict[tuple[int, Any, str], Place] = field(default_factory=dict[Any, Any])
    codes: set[CodeType] = field(default_factory=set[CodeType])
    generators: dict[int, tuple[str, Generator]] = field(default_factory=dict[int, Any])
    lists: dict[int, Any] = field(default_factory=dict[int, Any])
    known: dict[int, Any] = field(default_factory=dict[int, Any])
    names_randomness: bool = False

    def values(self) -> list[tuple[Place, Any]]:
        """Return the places with their present values."""
        return [(place, place.read()) for place in self.places.values()]


def find_reachable_state(*roots: Any, arguments: Iterable[Any] = ()) -> ReachableState:
    """Find what functions, methods and objects may read from outside, except for `arguments`.

    These are objects, such as the parameters of a network, whose content is passed in.
    """
    walk = _Walk(arguments)
    for root in roots:
        walk.push(root, getattr(root, "__name__", type(root).__name__))
    return walk.run()


# Of the attributes that the library's own code reads, those of a custom layer.
_CALLED_BY_LIBRARY = frozenset(["forward", "train_forward", "pre_activation", "backward"])

_OF_CREATION = ("__init__", "__new__", "__post_init__", "__repr__", "__str__", "__reduce__")


class _Walk:
    def __init__(self, arguments: Iterable[Any]) -> None:
        self._state = ReachableState(known={id(each): each for each in arguments})
        self._seen = self._state.known  # keeps the values alive, so that their ids are unique
        self._pending: deque[tuple[Any, str]] = deque()
        self._objects: list[tuple[Any, str]] = []
        self._names: set[str] = set(_CALLED_BY_LIBRARY)
        self._asked_for: set[str] = set()  # by `hasattr` or `getattr`: they may be absent
        self._leads_nowhere: set[tuple[type, str]] = set()  # attributes of classes, visited before

    def push(self, value: Any, label: str) -> None:
        is_new = id(value) not in self._seen and len(self._seen) < MAX_VALUES
        if is_new and (not isinstance(value, _LEAVES) or _holds_objects(value)):
            self._seen[id(value)] = value
            self._pending.append((value, label))

    def run(self) -> ReachableState:
        names, asked_for, visited = set[str](), set[str](), 0
        while self._pending:
            while self._pending:
                self._visit(*self._pending.popleft())
            new = (self._names - names) | (self._asked_for - asked_for)
            for value, label in self._objects[:visited] if new else ():
                self._visit_attributes(value, label, new)
            for value, label in self._objects[visited:]:
                self._visit_object(value, label)
            names, asked_for = self._names.copy(), self._asked_for.copy()
            visited = len(self._objects)
        return self._state

    def _place(self, container: Any, key: Any, kind: str, label: str, value: Any) -> None:
        is_versioned = (
            kind == "attribute"
            and hasattr(type(container), "_settings_are_versioned")
            and (key in vars(container) or key in _settings(_owner(type(container), key)))
        )
        place = Place(container, key, kind, label, is_versioned)
        self._state.places.setdefault(place.identity, place)
        self.push(value, label)

    def _visit(self, value: Any, label: str) -> None:
        kind = type(value)
        if kind in _VISITORS:
            _VISITORS[kind](self, value, label)
        elif _holds_objects(value):
            self._visit_container(value.reshape(-1), label)
        elif isinstance(value, Generator):
            self._state.generators[id(value)] = label, value
        elif isinstance(value, dict | list | tuple | set | frozenset | deque):
            self._visit_container(value, label)
            if not is_library_class(kind):
                self._objects.append((value, label))
        elif isinstance(value, type):
            if not is_library_class(value):
                self._objects.append((value, label))
                self._push_special_methods(value, label, without=())
        elif kind.__module__ == "functools" and hasattr(value, "__wrapped__"):
            self.push(value.__wrapped__, label)
        else:
            self._objects.append((value, label))
            for each in kind.__mro__ if not is_library_class(kind) else ():
                self._push_special_methods(each, label, without=_OF_CREATION)

    def _push_special_methods(self, kind: type, label: str, without: Iterable[str]) -> None:
        for name, each in vars(kind).items():
            if name[:2] == "__" and type(each) is FunctionType and name not in without:
                self.push(each, f"{label}.{name}")

    def visit_function(self, function: Any, label: str) -> None:
        names = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
        if is_library_file(function.__code__.co_filename):
            for name, cell in names:
                self.push(_cell_value(cell), name if label == function.__name__ else label)
            return
        self._state.codes |= (codes := _nested_codes(function.__code__))
        if vars(function):
            self._objects.append((function, label))
        for name, cell in names:
            self._place(cell, "cell_contents", "attribute", name, _cell_value(cell))
        for name in sorted(set().union(*(_names(code)[0] for code in codes))):
            self._state.names_randomness |= name == "random"
            if name in function.__globals__:
                value = function.__globals__[name]
                if not (isinstance(value, ModuleType) and _is_library(value)):
                    self._place(function.__globals__, name, "entry", name, value)
                else:
                    self.push(value, name)
        for name in set().union(*(_names(code)[1] for code in codes)):
            self._state.names_randomness |= name == "random"
            self._names.add(name)
        self._asked_for |= set().union(*(_names(code)[2] for code in codes))
        defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        self._visit_container(tuple(defaults), f"{label}'s defaults")

    def visit_method(self, method: Any, label: str) -> None:
        if isinstance(method.__self__, Generator):
            self.visit_builtin(method, label)
            return
        parameters = getattr(method.__func__, "__code__", None)
        first = parameters.co_varnames[0] if parameters and parameters.co_argcount else label
        self.push(method.__func__, label)
        self.push(method.__self__, first if "." not in label else label.rpartition(".")[0])

    def visit_builtin(self, function: Any, label: str) -> None:
        owner = function.__self__
        if isinstance(owner, Generator):
            self._state.names_randomness = True
            self.push(owner, label)

    def visit_partial(self, function: Any, label: str) -> None:
        self.push(function.func, label)
        self._visit_container(function.args, f"{label}'s arguments")
        self._visit_container(tuple(function.keywords.values()), f"{label}'s arguments")

    def visit_wrapper(self, wrapper: Any, label: str) -> None:
        self.push(getattr(wrapper, "fget", None) or wrapper.__func__, label)

    def visit_module(self, module: Any, label: str) -> None:
        if not _is_library(module):
            self._objects.append((module, label))
        self._state.names_randomness |= module.__name__ in ("random", "numpy.random")

    def _visit_container(self, value: Any, label: str) -> None:
        if isinstance(value, list | dict | deque | set):
            self._state.lists[id(value)] = value
        is_summed_up = len(value) > MAX_ENTRIES or (
            len(value) > MAX_SCALARS and isinstance(value, list) and _are_scalars(value)
        )
        if not isinstance(value, tuple):
            self._place(value, is_summed_up, "content", label, None)
        if is_summed_up:
            return
        # Copies, here and below, as another thread may add to what is iterated over.
        entries = list(value.items()) if isinstance(value, dict) else enumerate(list(value))
        for key, each in cast(Iterable[tuple[Any, Any]], entries):
            is_fixed = isinstance(value, tuple) and not issubclass(type(each), np.ndarray)
            if is_fixed or isinstance(value, set | frozenset):
                self.push(each, f"{label}[{key!r}]" if is_fixed else label)
            else:
                self._place(value, key, "entry", f"{label}[{key!r}]", each)

    def _visit_object(self, value: Any, label: str) -> None:
        """Visit what the functions reached so far name of an object or class, or may be read."""
        own = _own_attributes(value)
        if _is_frozen(value):
            for name, each in list(own.items()):
                self.push(each, f"{label}.{name}")
            names = _library_names(value, {})
        else:
            names = set[str]() if isinstance(value, type) else _library_names(value, own)
        self._visit_attributes(value, label, names | self._names)

    def _visit_attributes(self, value: Any, label: str, names: set[str]) -> None:
        """Visit the attributes of these names of an object or class."""
        is_class, is_module = isinstance(value, type), isinstance(value, ModuleType)
        own = _own_attributes(value)
        now = dict(own)
        if _is_frozen(value):  # its fields, which were visited once, cannot be set
            names, now = names - now.keys(), {}
        for name in [*(each for each in now if each in names), *sorted(names - now.keys())]:
            inner = f"{label}.{name}"
            if name in now and is_module:
                self._place(own, name, "entry", inner, now[name])
            elif name in now and not is_class:
                self._place(value, name, "attribute", inner, now[name])
            elif not is_module:
                self._visit_class_attribute(value, name, inner)

    def _visit_class_attribute(self, value: Any, name: str, label: str) -> None:
        start = value if isinstance(value, type) else type(value)
        if (start, name) in self._leads_nowhere:
            return
        kind = next((each for each in start.__mro__ if name in vars(each)), None)
        if kind is None:
            if type(value).__module__.startswith("chainrule."):
                self._leads_nowhere.add((start, name))
            elif name in self._asked_for:
                self._place(value, name, "optional", label, None)
            return
        found = vars(kind)[name]
        if _is_slot(found):
            if not isinstance(value, type) and hasattr(value, name):
                self._place(value, name, "attribute", label, getattr(value, name))
        elif _may_be_replaced(found, kind, name):
            self._place(value, name, "attribute", label, found)
        else:
            self._leads_nowhere.add((start, name))  # beyond what is pushed here
            if type(found) in (property, staticmethod, classmethod):
                self.push(found, label)
            elif isinstance(found, functools.cached_property):
                self.push(cast(Any, found).func, label)


_LEAVES = (type(None), bool, int, float, complex, str, bytes, np.generic, np.dtype, np.ndarray)
_VISITORS: dict[type, Callable[[_Walk, Any, str], None]] = {
    FunctionType: _Walk.visit_function,
    MethodType: _Walk.visit_method,
    BuiltinMethodType: _Walk.visit_builtin,
    partial: _Walk.visit_partial,
    property: _Walk.visit_wrapper,
    staticmethod: _Walk.visit_wrapper,
    classmethod: _Walk.visit_wrapper,
    ModuleType: _Walk.visit_module,
}


def _holds_objects(value: Any) -> bool:
    return type(value) is np.ndarray and value.dtype == object


def _are_scalars(values: list[Any]) -> bool:
    return all(type(each) in (bool, int, float, complex, str) for each in values)


def _cell_value(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return MISSING


def _is_library(module: Any) -> bool:
    return is_library_file(getattr(module, "__file__", None) or "<frozen built-in>")


def _is_slot(attribute: Any) -> bool:
    """Whether an attribute of a class is a slot, or what a trace has put in place of a default."""
    kind = type(attribute)
    return kind is MemberDescriptorType or (
        hasattr(kind, "__set__") and kind.__module__.startswith("chainrule.")
    )


def _may_be_replaced(attribute: Any, kind: type, name: str) -> bool:
    """Whether an attribute found in a class is the user's, or a setting of this package."""
    if type(attribute) is FunctionType:
        return not is_library_file(attribute.__code__.co_filename)
    if type(attribute) is property or isinstance(attribute, functools.cached_property):
        return False
    if type(attribute) in (staticmethod, classmethod):
        return not is_library_class(kind)
    return not is_library_class(kind) or name in _settings(kind)


def _owner(kind: type, name: str) -> type:
    """The class in whose body an attribute is defined."""
    return next((each for each in kind.__mro__ if name in vars(each)), object)


def _settings(kind: type) -> set[str]:
    """The attributes with a default value in a class of this package that are assigned to."""
    if not kind.__module__.startswith("chainrule.") or not is_library_class(kind):
        return set()
    plain = (bool, int, float, str, tuple, type(None))
    return {name for name, each in vars(kind).items() if name[0] != "_" and type(each) in plain}


def _is_frozen(value: Any) -> bool:
    """Whether a value is a dataclass of this package whose fields cannot be set."""
    parameters = getattr(type(value), "__dataclass_params__", None)
    return parameters is not None and parameters.frozen and is_library_class(type(value))


def _own_attributes(value: Any) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], vars(value))
    except TypeError:
        return {}


def _library_names(value: Any, own: dict[str, Any]) -> set[str]:
    """The attributes that this package reads of its own objects, and of those derived from them."""
    kinds = [each for each in type(value).__mro__ if each.__module__.startswith("chainrule.")]
    kinds = [each for each in kinds if is_library_class(each)]
    if not kinds:
        return set()
    guarded = getattr(type(value), "_guarded_attributes", None)
    if guarded is not None:
        return set(guarded)
    if kinds[0] is type(value):
        settings = set[str]().union(*map(_settings, kinds))
        return settings | {name for name in own if name[0] != "_" or name == "_parameters"}
    methods = [each for kind in kinds for each in vars(kind).values()]
    codes = [each.__code__ for each in methods if type(each) is FunctionType]
    read = set[str]().union(*(_names(code)[1] for code in codes))
    settings = set[str]().union(*map(_settings, kinds))
    own_names = {name for name in read & own.keys() if name[0] != "_" or name == "_parameters"}
    return own_names | settings


def _nested_codes(code: CodeType) -> set[CodeType]:
    inner = [_nested_codes(each) for each in code.co_consts if isinstance(each, CodeType)]
    return {code}.union(*inner)


@lru_cache(4096)
def _names(code: CodeType) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the globals and the attributes that a function names, as text too for `getattr`.

    The last are the attributes that it may ask for without knowing that they are there.
    """
    outer, attributes = set[str](), set[str]()
    for instruction in dis.get_instructions(code):
        if "GLOBAL" in instruction.opname or instruction.opname.endswith("_NAME"):
            outer.add(instruction.argval)
        elif "ATTR" in instruction.opname or "METHOD" in instruction.opname:
            attributes.add(instruction.argval)
    texts = {each for each in _texts(code.co_consts) if each.isidentifier()}
    asks = not {"hasattr", "getattr"}.isdisjoint(code.co_names)
    return frozenset(outer), frozenset(attributes | texts), frozenset(texts if asks else ())


def _texts(constants: tuple[Any, ...]) -> list[str]:
    """The texts among constants, with the keywords of calls, which are a tuple."""
    inner = [_texts(cast(Any, each)) for each in constants if isinstance(each, tuple)]
    return [each for each in constants if isinstance(each, str)] + [t for x in inner for t in x]

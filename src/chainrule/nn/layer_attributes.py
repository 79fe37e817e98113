"""Attributes of layers: an assignment takes effect, or is refused with what to write.

::

    library layer    layer.l2 = 0.1         as if created with it; checked
                     layer.units = 50       refused once its build has read it
                     layer.p = 0.1          refused: here it is layer.rate
    any layer        layer.weight = array   refused: layer.weight.value = array
                     layer.training = True  refused: forward is told
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, NoReturn

import numpy as np

from chainrule.arguments.aliases import LAYER_ATTRIBUTES
from chainrule.arguments.assignments import TRAINING_MODE
from chainrule.arguments.checks import checked_l2
from chainrule.arguments.lookup import closest
from chainrule.errors import LIBRARY_FOLDERS, ArgumentError, warn
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import variable
from chainrule.graph.source_location import is_library_class
from chainrule.nn import environment
from chainrule.nn.config import refuse_late_activation
from chainrule.nn.parameter import Parameter
from chainrule.nn.sublayers import holds_layers

__all__ = [
    "changed_settings",
    "check_assignment",
    "check_class",
    "check_parameter",
    "is_own_file",
]

_METHODS = frozenset(
    ["bind", "config", "input_shape", "kind", "parameter", "parameters", "penalty"]
)
_INTERNAL = frozenset(["_arguments", "_binding", "_lock", "_parameters", "input_shape", "dtype"])


# ---------------------------------------------------------------------------------- assignments


def check_parameter(layer: Any, name: str, value: Any) -> None:
    """Refuse to put anything else in the place of a parameter."""
    old = vars(layer)[name]
    if type(value) is not Parameter and any(each is old for each in layer._parameters.values()):
        raise ArgumentError(
            f"{_title(layer)}: {name} is a parameter, which an assignment would replace by what is "
            f"never trained; write layer.{name}.value = ... for other values, and in a backward "
            f"self.{name}.grad = ..."
        )


def check_assignment(layer: Any, name: str, value: Any) -> None:
    """Refuse what the code of a user assigns, where it would have no effect."""
    kind = type(layer)
    if name == "training":
        raise ArgumentError(f"{_title(layer)}: training cannot be assigned; {TRAINING_MODE}")
    if name in _METHODS:
        raise ArgumentError(
            f"{_title(layer)}: {name} is what the library needs of a layer; give the attribute "
            "another name"
        )
    if _is_own(kind):
        _refuse_unless_setting(layer, name)
    elif not _defines(kind, name):
        targets = LAYER_ATTRIBUTES.targets(name)
        if name in LAYER_ATTRIBUTES.remedies or any(
            each == "trainable" or hasattr(layer, each) for each in targets
        ):
            _refuse_name(layer, name)
    elif name in ("activation", "recurrent_activation"):
        refuse_late_activation(layer, _title(layer), name, value)
    elif layer.input_shape is not None and _is_read_in_build_alone(kind, name):
        _refuse_late(layer, name, value, vars(layer).get(name))


def _title(layer: Any) -> str:
    return layer._title()


def _refuse_unless_setting(layer: Any, name: str) -> None:
    settings = _settings(layer)
    if name[0] == "_" or name in settings or name in ("l2", "name", "trainable"):
        return
    if name == "dtype" and layer.input_shape is None:
        return
    if name in vars(layer) or hasattr(type(layer), name):
        raise ArgumentError(
            f"{_title(layer)}: {name} is not one of its settings ({', '.join(settings)}): it "
            "follows from them, or from the first input"
        )
    _refuse_name(layer, name)


def _refuse_name(layer: Any, name: str) -> NoReturn:
    known = [*_settings(layer), "l2", "trainable", *vars(layer)]
    hint = closest(name, known, LAYER_ATTRIBUTES, "layer.{}".format)
    settings = ", ".join(_settings(layer)) or "none"
    raise ArgumentError(
        f"{_title(layer)}: there is no attribute {name}, so assigning it would have no effect; "
        + (hint or f"its settings are {settings}")
    )


def _settings(layer: Any) -> list[str]:
    return list(layer._arguments.signature.parameters)


# ------------------------------------------------------------------- settings of library layers


def changed_settings(layer: Any, name: str, value: Any) -> dict[str, Any]:
    """Return the attributes by which a setting of a layer of the library changes, checked.

    They are those in which a layer created with it differs from one created without it. What its
    build has read, and what changes the shape of its output, is fixed once it is built.
    """
    kind = type(layer)
    arguments = layer._arguments.arguments
    is_setting = name not in ("name", "trainable") and (name in arguments or name == "l2")
    if not (is_setting and _is_own(kind) and environment.current() is None):
        return {name: value}
    if name not in arguments:
        if not any(each.is_weight for each in layer._parameters.values()):
            raise ArgumentError(f"{_title(layer)}: l2 would have no effect, as it has no weights")
        return {name: checked_l2(kind.__name__, value)}
    before = kind(**arguments)
    after = kind(**(dict(arguments) | {name: value}))
    own = vars(before)
    changes = {
        attribute: new
        for attribute, new in vars(after).items()
        if attribute not in _INTERNAL and not _is_equal(new, own.get(attribute))
    }
    is_built = layer.input_shape is not None
    # The network that a layer is built in looks for the values of masks once, too.
    read_once = {*_names_in(kind, ("build",)), "mask_value", "mask_zero"}
    is_fixed = any(map(holds_layers, changes.values())) or not read_once.isdisjoint(
        {name, *changes}
    )
    if changes and is_built and (is_fixed or not _keeps_shape(layer, changes)):
        _refuse_late(layer, name, value, arguments.get(name))
    arguments[name] = after._arguments.arguments[name]
    return changes


def _keeps_shape(layer: Any, changes: dict[str, Any]) -> bool:
    """Whether the output has the same shape with other attributes."""
    own = vars(layer)
    old = {name: own[name] for name in changes if name in own}
    shape = _output_shape(layer)
    own.update(changes)
    try:
        return _output_shape(layer) == shape
    finally:
        own.update(old)


def _output_shape(layer: Any) -> tuple[int, ...] | None:
    dtype = layer.dtype or np.dtype("float32")
    x = variable(ArrayType(dtype, (2, *layer.input_shape[1:])), name="x")
    try:
        with environment.entered(keep=lambda *_: None):
            return layer(x).shape
    except (ValueError, TypeError):
        return None


def _is_equal(one: Any, other: Any) -> bool:
    if one is other:
        return True
    try:
        return type(one) is type(other) and bool(one == other)
    except ValueError:  # arrays
        return np.array_equal(one, other)


def _refuse_late(layer: Any, name: str, value: Any, old: Any) -> None:
    if not _is_equal(value, old):
        kind = type(layer)
        make = f"{'nn.' if _is_own(kind) else ''}{kind.__name__}"
        raise ArgumentError(
            f"{_title(layer)}: {name} is fixed once the layer is built; make a new layer, as in "
            f"{make}(..., {name}={value!r:.40})"
        )


# ------------------------------------------------------------------------------------- classes


@lru_cache(None)
def check_class(kind: type) -> None:
    """Refuse what a class of layers defines as in other libraries, where it has no effect."""
    if _is_own(kind):
        return
    names = {name: each for one in _user_classes(kind) for name, each in vars(one).items()}
    call = names.get("__call__")
    if isinstance(call, FunctionType) and "__class__" not in call.__code__.co_freevars:
        raise ArgumentError(
            f"{kind.__name__}: it defines __call__, by which a layer is built and told of "
            "training; define forward(self, x) instead"
        )
    if isinstance(names.get("training"), bool | None) and "training" in names:
        raise ArgumentError(f"{kind.__name__}: it has an attribute training; {TRAINING_MODE}")
    _warn_of_flags(kind)
    if "call" in names and not any("forward" in vars(one) for one in kind.__mro__[:-2]):
        raise ArgumentError(
            f"{kind.__name__}: it defines call, which here is forward; rename it to "
            "forward(self, x)"
        )


_FLAGS = ("is_training", "train", "training_mode", "in_training", "is_train", "train_mode")


def _warn_of_flags(kind: Any) -> None:
    parameters = inspect.signature(kind.forward).parameters
    for flag in _FLAGS:
        if flag in parameters and "training" not in parameters:
            warn(
                f"{kind.__name__}: fit does not give the argument {flag} of its forward; the one "
                "that is True in training is named training here, as in "
                "forward(self, x, training=False)"
            )


@lru_cache(1024)
def is_own_file(file: str) -> bool:
    """Whether code is part of this package."""
    return file.startswith(LIBRARY_FOLDERS[0])


def _is_own(kind: type) -> bool:
    return kind is object or (kind.__module__.startswith("chainrule.") and is_library_class(kind))


def _user_classes(kind: type) -> Iterable[type]:
    return (each for each in reversed(kind.__mro__) if not _is_own(each))


def _defines(kind: type, name: str) -> bool:
    """Whether a class of a user's knows an attribute: its body or some method names it."""
    names = _names_in(kind, None)
    return name in names or not names.isdisjoint({"setattr", "__dict__", "vars"})


def _is_read_in_build_alone(kind: type, name: str) -> bool:
    methods = {
        each
        for one in _user_classes(kind)
        for each in vars(one)
        if each not in ("build", "__init__")
    }
    return (
        name in _names_in(kind, ("build",))
        and name in _names_in(kind, ("__init__",))
        and name not in _names_in(kind, tuple(sorted(methods)))
    )


@lru_cache(None)
def _names_in(kind: type, methods: tuple[str, ...] | None) -> frozenset[str]:
    """Return the names in methods of a class, and in those that they name; None for all."""
    classes = [each for each in kind.__mro__ if each.__module__ != "chainrule.nn.layer"]
    functions: dict[str, list[CodeType]] = {}
    found = set[str]()
    for each in classes:
        for name, member in vars(each).items():
            function: Callable[..., Any] | None = getattr(member, "fget", member)
            if isinstance(function, FunctionType):
                functions.setdefault(name, []).append(function.__code__)
            elif methods is None and each is not object:
                found.add(name)
        if methods is None:
            found |= vars(each).get("__annotations__", {}).keys()
    pending = list(functions if methods is None else methods)
    visited = set[str]()
    while pending:
        name = pending.pop()
        if name not in visited:
            visited.add(name)
            inner = set[str]().union(*map(_code_names, functions.get(name, [])))
            found |= inner
            pending += [each for each in inner if each in functions and each != "__init__"]
    return frozenset(found)


def _code_names(code: CodeType) -> set[str]:
    texts = {each for each in code.co_consts if isinstance(each, str)}
    inner = [_code_names(each) for each in code.co_consts if isinstance(each, CodeType)]
    return {*code.co_names, *texts}.union(*inner)

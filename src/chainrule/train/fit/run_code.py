"""Digests of the user's own code in a run: layers, loss, metrics and a learning rate's function.

::

    {"the layer 'scaled'": [KIND, DIGEST], "the loss 'cubed'": ..., ...}

The kind is ``"program"`` where a description has one: it differs if and only if something else is
computed. Otherwise it is ``"CPython 3.11"`` and the like: the instructions of Python, which can be
compared with those of the same version.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.schedule import EpochFunction
from chainrule.train.model.model import Model

__all__ = ["changed_code", "code_of"]

Code = dict[str, list[str]]

_PYTHON = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"

_NOT_OWN = ("chainrule.", "builtins", "numpy", "abc")
"""Beginnings of the names of modules whose code is not the user's."""


def code_of(
    description: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], model: Model
) -> Code:
    """Return the digests of the user's code in a network, from its description."""
    arguments = model.compile_arguments
    own: dict[str, tuple[Any, Any]] = {}
    layers = {str(name): layer for name, layer in zip(model.names, model.layers, strict=True)}
    for name, program in description.get("programs", {}).items():
        own[f"the layer {name!r}"] = program, layers.get(name)
    for name, program in description.get("functions", {}).items():
        assert arguments is not None, "a loss is that of a compiled network"
        metrics = {f"metric:{each.name}": each for each in arguments.metrics}
        if name in metrics:
            own[f"the metric {metrics[name].name!r}"] = program, metrics[name].function
        else:
            own[f"the loss {arguments.loss.name!r}"] = program, arguments.loss.per_sample
    code = {title: _digest(*each, tensors) for title, each in own.items()}
    if arguments is not None and (function := _rate_function(arguments.optimizer)) is not None:
        code[f"the learning rate {function.__name__!r}"] = [_PYTHON, _digest_of_object(function)]
    return code


def changed_code(before: Any, saved: Any, now: Code) -> str | None:
    """Return whose code is neither that of the run's begin nor of a checkpoint; None for none."""
    if type(before) is not dict:  # of an earlier version
        return None
    known = [cast(Code, each) for each in (before, saved)]
    for title, code in now.items():
        found = [each[title] for each in known if title in each]
        if found and code not in found and all(each[0] == code[0] for each in found):
            return title
    return None


def _digest(program: Any, value: Any, tensors: Mapping[str, NDArray[Any]]) -> list[str]:
    if isinstance(program, dict) and "reason" in program:
        return [_PYTHON, _digest_of_object(value)]
    content = json.dumps(_with_constants(program, tensors), sort_keys=True)
    return ["program", hashlib.sha256(content.encode()).hexdigest()]


def _with_constants(entry: Any, tensors: Mapping[str, NDArray[Any]]) -> Any:
    """Return an entry in which names of constants are digests of their values."""
    if isinstance(entry, dict):
        items = cast(dict[str, Any], entry).items()
        return {name: _with_constants(each, tensors) for name, each in items if name != "trainable"}
    if isinstance(entry, list):
        return [_with_constants(each, tensors) for each in cast(list[Any], entry)]
    if isinstance(entry, str) and entry.startswith("constant:") and entry in tensors:
        array = np.ascontiguousarray(tensors[entry])
        content = hashlib.sha256(array.tobytes()).hexdigest()
        return f"{array.dtype.str} {array.shape} {content}"
    return entry


def _rate_function(optimizer: Optimizer) -> Any:
    rate = vars(optimizer).get("learning_rate")
    function = rate.function if isinstance(rate, EpochFunction) else None
    return function if isinstance(function, FunctionType) else None


def _digest_of_object(value: Any) -> str:
    """Return a digest of the instructions of a function, or of the methods of an object's class."""
    texts = "\n".join(_instructions(value, set()))
    return hashlib.sha256(texts.encode()).hexdigest()


def _instructions(value: Any, seen: set[int]) -> Iterator[str]:
    """Yield what determines a function: instructions, constants, defaults and free variables."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, CodeType):
        yield f"{value.co_code.hex()} {value.co_names} {value.co_varnames}"
        for each in value.co_consts:
            yield from _instructions(each, seen)
    elif isinstance(value, FunctionType):
        constants = [each for each in value.__code__.co_consts if each != value.__doc__]
        yield from _instructions(value.__code__.replace(co_consts=tuple(constants)), seen)
        cells = [each.cell_contents for each in value.__closure__ or () if _is_set(each)]
        for each in [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values(), *cells]:
            yield from _instructions(each, seen)
    elif isinstance(value, bool | int | float | complex | str | bytes | tuple | None):
        yield repr(value)
    elif isinstance(value, frozenset):
        yield repr(sorted(map(repr, cast(frozenset[Any], value))))
    else:
        for method in _own_methods(type(value)):
            yield from _instructions(method, seen)


def _own_methods(kind: type) -> list[FunctionType]:
    """Return the methods of a class and its bases, but for those of the library and of Python."""
    bases = [each for each in kind.__mro__ if not each.__module__.startswith(_NOT_OWN)]
    methods = [each for base in bases for _, each in sorted(vars(base).items())]
    return [each for each in methods if isinstance(each, FunctionType)]


def _is_set(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False

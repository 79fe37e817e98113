"""Digests of the user's own code in a run: layers, loss, metrics, learning rate and callbacks.

::

    {"the layer 'scaled'": [KIND, DIGEST], "the loss 'cubed'": ..., "the callback 'Log'": ...}

The kind is ``"program"`` where a description has one: it differs if and only if something else is
computed. Otherwise it names the version of Python, whose instructions are compared, see
`fit.instructions`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.schedule import EpochFunction
from chainrule.train.callbacks import Callback
from chainrule.train.fit.instructions import PYTHON, digest_of_code
from chainrule.train.model.model import Model

__all__ = ["CALLBACK", "Code", "changed_code", "code_of", "code_of_callbacks"]

Code = dict[str, list[str]]

CALLBACK = "the callback "
"""Begins the names of callbacks among those of the user's code."""


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
    return code | (_code_of_optimizer(arguments.optimizer) if arguments is not None else {})


def code_of_callbacks(callbacks: Sequence[Callback]) -> Code:
    """Return the digests of the methods and functions of callbacks that are the user's.

    Their data, such as variables of functions around them, may change as those of constructors.
    """
    code: Code = {}
    for callback in callbacks:
        digest = digest_of_code(callback, has_data=False)
        if digest is not None:
            title = name = f"{CALLBACK}{callback.title!r}"
            number = 1
            while name in code:
                number += 1
                name = f"{title}, number {number}"
            code[name] = [PYTHON, digest]
    return code


def changed_code(before: Any, saved: Any, now: Code) -> list[str]:
    """Return whose code is neither that of the run's begin nor of a checkpoint."""
    if type(before) is not dict:  # of an earlier version
        return []
    known = [cast(Code, each) for each in (before, saved)]
    changed: list[str] = []
    for title, code in now.items():
        found = [each[title] for each in known if title in each]
        if found and code not in found and all(each[0] == code[0] for each in found):
            changed.append(title)
    return changed


def _digest(program: Any, value: Any, tensors: Mapping[str, NDArray[Any]]) -> list[str]:
    if isinstance(program, dict) and "reason" in program:
        return [PYTHON, digest_of_code(value) or ""]
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


def _code_of_optimizer(optimizer: Optimizer) -> Code:
    """Return the digests of an optimiser and of a learning rate, where their code is the user's."""
    rate = vars(optimizer).get("learning_rate")
    function = rate.function if isinstance(rate, EpochFunction) else rate
    name = getattr(function, "__name__", type(function).__name__)
    own = {f"the learning rate {name!r}": function}
    own[f"the optimiser {type(optimizer).__name__!r}"] = type(optimizer)
    digests = {title: digest_of_code(each) for title, each in own.items() if callable(each)}
    return {title: [PYTHON, each] for title, each in digests.items() if each is not None}

"""What training has come to, as part of a description: counters, optimiser slots and history.

::

    "training": {"counter": [epoch, steps, steps of an epoch, steps done],  see `StepCounter`
                 "updates": {NAME: steps, ...},     see `Model.updates`
                 "slots": value,                    of the optimiser, by name of parameter
                 "history": value, "notes": [text, ...]}

The history of a file of ``save`` has no times, so that equal trainings give equal bytes. Values
are those of `attribute_values`; their arrays are tensors called ``training:0`` and so on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule import tree
from chainrule.errors import FormatError
from chainrule.optim.minimizer import Minimizer
from chainrule.train.files.attribute_values import decoded, encoded, storing
from chainrule.train.files.schema import Description
from chainrule.train.history import History
from chainrule.train.model.model import Model
from chainrule.train.model.step_counter import StepCounter

__all__ = ["Progress", "describe_training", "read_training"]

Tensors = Mapping[str, NDArray[Any]]

_TIMES = ("seconds",)
"""Columns of a history that differ between equal trainings."""

_MOST = 2**60
"""Steps and epochs are fewer."""


class Progress:
    """What training has come to: counters, optimiser slots and history."""

    def __init__(
        self, counter: StepCounter, updates: dict[str, int], slots: dict[str, Any], history: History
    ) -> None:
        self.counter, self.updates, self.slots, self.history = counter, updates, slots, history

    def restore(self, model: Model) -> None:
        """Let a model go on from here; its parameters are set elsewhere."""
        model.counter, model.updates = self.counter.copy(), dict(self.updates)
        model.optimizer_slots = tree.map_leaves(np.array, self.slots)


def describe_training(
    model: Model,
    history: History | None,
    tensors: dict[str, NDArray[Any]],
    has_times: bool = True,
    has_slots: bool = True,
    is_copied: bool = False,
) -> dict[str, Any]:
    """Return the description of what training has come to; its arrays are added to `tensors`.

    They are those of the model, which training may update in place, unless `is_copied`.
    """
    store = storing(tensors, "training")
    slots = model.optimizer_slots if has_slots else {}
    columns = {
        name: np.array(column)
        for name, column in (history or {}).items()
        if has_times or name not in _TIMES
    }
    return {
        "counter": model.counter.as_list(),
        "updates": dict(model.updates),
        "slots": encoded(tree.map_leaves(np.array, slots) if is_copied else slots, store),
        "history": encoded(columns, store),
        "notes": [] if history is None else list(history.notes),
    }


def read_training(
    model: Model, entry: dict[str, Any], tensors: Tensors, unread: set[str]
) -> Progress:
    """Return what a file has of the training of a built, compiled model, or raise a FormatError."""
    description = Description(entry, "the description of the training")
    description.only("counter", "updates", "slots", "history", "notes")
    counter = _integers(description.get("counter", list))
    updates = description.get("updates", dict)
    _integers(list(updates.values()))
    if (
        len(counter) != 4
        or counter[3] < counter[1]
        or not updates.keys() <= model.stack.parameters().keys()
    ):
        raise FormatError("load: the counters of the training are not those of this network")
    slots = decoded(description.get("slots", dict), tensors, unread)
    _check_slots(model, slots)
    history = History()
    columns = decoded(description.get("history", dict), tensors, unread)
    for name, column in _named(columns).items():
        if not (isinstance(column, np.ndarray) and column.ndim == 1 and column.dtype.kind == "f"):
            raise FormatError("load: a column of the history is no list of numbers")
        history[name] = column.astype(float).tolist()
    history.notes = [str(each) for each in description.get("notes", list)]
    return Progress(StepCounter.of_list(counter), updates, slots, history)


def _named(value: Any) -> dict[str, Any]:
    if type(value) is not dict or not all(type(each) is str for each in cast(Any, value)):
        raise FormatError("load: what should have names of parameters or quantities has others")
    return cast(dict[str, Any], value)


def _integers(values: list[Any]) -> list[int]:
    if not all(type(each) is int and 0 <= each < _MOST for each in values):
        raise FormatError("load: a counter of the training is no integer of 0 or more")
    return values


def _check_slots(model: Model, slots: Any) -> None:
    """Compare slots with those that the optimiser begins with; of a minimiser, `load` does so."""
    parameters, arguments = model.stack.parameters(), model.compile_arguments
    named = _named(slots)
    if arguments is None or isinstance(optimizer := arguments.optimizer, Minimizer):
        return
    for name, found in named.items():
        if name not in parameters:
            raise FormatError("load: the optimiser has slots of a parameter that does not exist")
        leaves, structure = tree.flatten(optimizer.slots(parameters[name].array))
        others, actual = tree.flatten(found)
        types = [(np.shape(each), np.asarray(each).dtype) for each in leaves]
        if structure != actual or types != [(each.shape, each.dtype) for each in others]:
            raise FormatError(f"load: the slots of {name!r:.60} are not those of the optimiser")

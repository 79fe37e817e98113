"""Train state: small arrays are double-buffered, large ones updated in place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import tree
from chainrule.errors import ArgumentError, ShapeError
from chainrule.graph.array_type import type_of
from chainrule.nn.parameter import Parameter
from chainrule.optim.optimizer import Optimizer
from chainrule.train.checks import is_clearly_finite
from chainrule.train.fit.finite_steps import is_large
from chainrule.train.fit.train_step import initial_state
from chainrule.train.model.layer_stack import LayerStack

__all__ = ["TrainState", "check_trainable"]

Array = NDArray[Any]


def check_trainable(stack: LayerStack) -> None:
    """Raise if there is nothing to train."""
    if stack.parameters(trainable=True):
        return
    frozen = [name for name, each in stack.parameters().items() if not each.is_state]
    if not frozen:
        raise ArgumentError(
            "fit: there is nothing to train: no layer has a trainable parameter; a layer of your "
            "own makes one in its build, by self.parameter(name, shape)"
        )
    raise ArgumentError(
        f"fit: there is nothing to train: all weights are frozen, such as {frozen[-1]}; set "
        "net.trainable = True, or the trainable of some layers"
    )


class TrainState:
    """Parameters, optimiser slots and non-trainable state.

    Steps read one set of arrays and write the other, then the two are swapped. So native calls
    allocate nothing, and an interrupted one leaves the state it started from. Both are separate
    from the live parameters.

    If it is in place, its large arrays are in both sets, and are the live ones; see `finite_steps`.
    What a native call has done is then taken up by `settle`.
    """

    def __init__(
        self,
        stack: LayerStack,
        optimizer: Optimizer,
        optimizer_slots: dict[str, Any],
        missed_steps: Mapping[str, int],
        in_place: bool = False,
    ) -> None:
        in_place = in_place and any(map(is_large, stack.arrays()))  # refuses other shapes
        state = initial_state(stack, optimizer, optimizer_slots, missed_steps, in_place)
        self.values, self._structure = tree.flatten(state)
        self.previous: list[Array] = self.values
        self.steps_since_previous = 0  # where 0, `previous` is undefined
        self.trained = tuple(state["params"])  # names
        self.missed_steps = missed_steps
        # Names that determine what a step computes.
        self.key = (*self.trained, *(f"missed.{name}" for name in missed_steps), in_place)
        # By parameter: another array may be assigned to the value of one.
        self._parameters = stack.parameters(trainable=True) | stack.parameters(trainable=False)
        # Leaves are params, slots, missed, finite_steps if it is in place, and non_trainable; live
        # are the first and the last.
        end = len(self.values)
        first_state = end - len(state["non_trainable"])
        live = [*range(len(self.trained)), *range(first_state, end)]
        self._indices = dict(zip(self._parameters.values(), live, strict=True))
        self._end_of_slots = first_state - len(missed_steps) - in_place
        _, groups, structures = self._structure
        self._slots_structure = structures[groups.index("slots")]
        self._in_place: frozenset[int] = frozenset()
        self._finite_steps, self._settled = state.get("finite_steps", np.zeros(())), 0
        self._written: list[Array] = self.values  # by the latest native call
        if in_place:
            large = (number for number, each in enumerate(self.values) if is_large(each))
            self._in_place = frozenset([*large, first_state - 1])

    @property
    def tree(self) -> dict[str, Any]:
        """The arrays: ``params``, ``slots`` and so on, each by name of parameter."""
        return tree.unflatten(self._structure, self.values)

    @property
    def trained_size(self) -> int:
        """Number of elements of the parameters that are trained."""
        return sum(each.size for each in self.values[: len(self.trained)])

    @property
    def is_in_place(self) -> bool:
        """Whether large arrays are updated in place."""
        return bool(self._in_place)

    def leave_place(self) -> None:
        """Go on with copies of all arrays, as where the program may fail within a step."""
        self.values = [
            np.array(each) if i in self._in_place else each for i, each in enumerate(self.values)
        ]
        self.previous, self._in_place = self.values, frozenset()

    @property
    def copied_bytes(self) -> int:
        """Number of bytes that a native call copies before its first step."""
        return sum(each.nbytes for i, each in enumerate(self.values) if i not in self._in_place)

    @property
    def is_finite(self) -> bool:
        """Whether all elements are."""
        return self.is_finite_without(())

    def is_finite_without(self, known: Collection[int]) -> bool:
        """Whether all elements are, but for arrays that are known to be, by number."""
        return all(_is_finite(each) for i, each in enumerate(self.values) if i not in known)

    def published_slots(self) -> dict[str, Any]:
        """Return the optimiser slots by name of parameter: copies, but of those in place."""
        first, end = len(self.trained), self._end_of_slots
        numbered = enumerate(self.values[first:end], first)
        slots = [each if i in self._in_place else np.array(each) for i, each in numbered]
        return tree.unflatten(self._slots_structure, slots)

    def spare_buffers(self) -> list[Array]:
        """Return arrays to write the next values into: the previous ones, if writable.

        Arrays that NumPy or a function of the user's returned may be views of others.
        """
        spare = [each for i, each in enumerate(self.previous) if i not in self._in_place]
        is_unusable = self.previous is self.values or not _are_independent(spare)
        self._written = [
            value if i in self._in_place
            else np.empty(value.shape, value.dtype) if is_unusable
            else previous
            for i, (value, previous) in enumerate(zip(self.values, self.previous, strict=True))
        ]  # fmt: skip
        return self._written

    def settle(self) -> int:
        """Take up what a native call has made in place; return the number of steps of all calls.

        It may be repeated, and come after a call that was interrupted or has raised.
        """
        if (steps := int(self._finite_steps)) != self._settled:
            self.values, self.previous = self._written, self.values
            self._settled, self.steps_since_previous = steps, 0
        return steps

    def copied(self, values: Sequence[Any]) -> list[Array]:
        """Copy values, which may alias one another or the state, into `spare_buffers`."""
        buffers = self.spare_buffers()
        for buffer, value in zip(buffers, values, strict=True):
            np.copyto(buffer, value)
        return buffers

    def roll_back(self) -> int:
        """Restore the previous values; return how many steps that undoes."""
        steps, self.steps_since_previous = self.steps_since_previous, 0
        self.values = self.previous
        return steps

    @property
    def live_parameters(self) -> Mapping[str, Parameter]:
        """The parameters that the values are those of, by name."""
        return self._parameters

    def value_of(self, parameter: Parameter) -> Array:
        """Return the value of a parameter of the layers."""
        return self.values[self._indices[parameter]]

    def write_back(self) -> None:
        """Copy the values into the live parameters."""
        for parameter, index in self._indices.items():
            if parameter.array is not self.values[index]:
                np.copyto(parameter.array, self.values[index])

    def read_back(self) -> bool:
        """Take what a callback has written into the live parameters; return whether it has."""
        changes = [self.take_up(each) for each in self._parameters]
        return any(changes)

    def take_up(self, name: str) -> bool:
        """Take what a callback has written into a live parameter; return whether it has."""
        parameter = self._parameters[name]
        new, index = parameter.array, self._indices[parameter]
        old = self.values[index]
        if (new.shape, new.dtype) != (old.shape, old.dtype):
            raise ShapeError(
                f"fit: {name} was {type_of(old)} before a callback and is {type_of(new)} after "
                "it; write values into the array, as in net.params[name][...] = values"
            )
        if new is old or _are_same_bits(new, old):
            return False
        values = list(self.values)
        values[index] = new.copy()
        previous = values if self.previous is self.values else self.previous
        # At once, as an interrupt may have come before.
        self.values, self.previous, self.steps_since_previous = values, previous, 0
        return True


def _is_finite(array: Array) -> bool:
    """Whether all elements are, which a finite sum proves: it is computed without memory."""
    if is_clearly_finite(array):
        return True
    with np.errstate(all="ignore"):
        return bool(np.isfinite(np.add.reduce(array, axis=None)) or np.isfinite(array).all())


def _are_same_bits(one: Array, other: Array) -> bool:
    """Whether two arrays of one dtype and shape hold the same bits, as -0.0 and 0.0 do not."""
    if not (one.flags.c_contiguous and other.flags.c_contiguous):
        return False
    integers = f"u{one.dtype.itemsize}"
    return np.array_equal(one.reshape(-1).view(integers), other.reshape(-1).view(integers))


def _are_independent(arrays: Sequence[Array]) -> bool:
    """Whether the arrays are distinct and native code can write to each."""
    are_distinct = len({id(each) for each in arrays}) == len(arrays)
    return are_distinct and all(each.flags.owndata and each.flags.carray for each in arrays)

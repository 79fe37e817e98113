"""What training changes, between two steps: one flat list of arrays, and one to write the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import tree
from chainrule.optim.optimizer import Optimizer
from chainrule.train.fit.train_step import initial_state
from chainrule.train.model.layer_stack import LayerStack

__all__ = ["TrainState"]

Array = NDArray[Any]


class TrainState:
    """The arrays of a network in training, apart from the parameters that people see.

    Steps read one set of arrays and write another; then the two change places. So nothing is
    allocated from one native call to the next, and an interrupted one leaves what it began with.

    Parameters
    ----------
    stack : LayerStack
        The network, built.
    optimizer : Optimizer
        Gives the first slots of a parameter.
    slots : dict
        What it remembers from earlier, by name of the parameter; may be written to later.

    Attributes
    ----------
    values : list of array
        The leaves of `tree`: parameters, slots, non-trainable state.
    before : list of array
        The same `gap` steps earlier; not defined where that is 0.
    gap : int
        Steps between the two.
    trained : tuple of str
        The names of the parameters that are trained.
    """

    def __init__(self, stack: LayerStack, optimizer: Optimizer, slots: dict[str, Any]) -> None:
        state = initial_state(stack, optimizer, slots)
        self.values, self._structure = tree.flatten(state)
        self.before: list[Array] = self.values
        self.gap = 0
        self.trained = tuple(state["params"])
        parameters = stack.parameters(trainable=True) | stack.parameters(trainable=False)
        self._live: list[Array] = [each.value for each in parameters.values()]
        # Leaves are params, slots, non_trainable; the live arrays are the first and the last.
        end = len(self.values)
        self._places = [*range(len(self.trained)), *range(end - len(state["non_trainable"]), end)]

    @property
    def tree(self) -> dict[str, Any]:
        """The arrays: ``params``, ``slots`` and ``non_trainable``, each by name of parameter."""
        return tree.unflatten(self._structure, self.values)

    @property
    def is_finite(self) -> bool:
        """Whether all numbers are."""
        return all(np.isfinite(each).all() for each in self.values)

    def spare_buffers(self) -> list[Array]:
        """Return arrays to write the next values into: those before, if they may be written to.

        What a callable of the user's or NumPy made may be a part of something else.
        """
        if self.before is self.values or not _are_own(self.before):
            return [np.empty(each.shape, each.dtype) for each in self.values]
        return self.before

    def copied(self, values: Sequence[Any]) -> list[Array]:
        """Copy values, which may be views of one another or of the state, into `spare_buffers`."""
        spare = self.spare_buffers()
        for place, value in zip(spare, values, strict=True):
            np.copyto(place, value)
        return spare

    def go_back(self) -> int:
        """Take the values before; return how many steps are undone by that."""
        steps, self.values, self.gap = self.gap, self.before, 0
        return steps

    def write_back(self) -> None:
        """Give the live parameters the numbers of the last finished step."""
        for live, place in zip(self._live, self._places, strict=True):
            np.copyto(live, self.values[place])

    def read_back(self) -> None:
        """Go on from what stands in the live parameters, where a callback may have written."""
        for live, place in zip(self._live, self._places, strict=True):
            self.values[place] = live.copy()
        self.gap = 0


def _are_own(arrays: Sequence[Array]) -> bool:
    """Whether each array is one of its own that native code can write."""
    is_apart = len({id(each) for each in arrays}) == len(arrays)
    return is_apart and all(each.flags.owndata and each.flags.carray for each in arrays)

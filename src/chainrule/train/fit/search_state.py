"""Where a full-batch method stands, in the arrays of a train state."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import tree
from chainrule.optim.minimizer import Minimizer
from chainrule.train.fit.minimizers.iteration import SEARCH, end_in_words
from chainrule.train.fit.minimizers.matrix_size import check_matrix
from chainrule.train.fit.train_state import TrainState
from chainrule.train.model.model import Model

__all__ = ["SearchState"]

Array = NDArray[Any]


class SearchState:
    """Counters of a method in a train state, whose arrays change at each step.

    `is_evaluated` says whether value and gradient there are those of the parameters and samples.
    """

    def __init__(self, model: Model, state: TrainState, optimizer: Minimizer, samples: int) -> None:
        check_matrix(model, optimizer, state.trained_size, samples)
        self._state, self._optimizer, self._dtype = state, optimizer, model.dtype
        names = tree.paths(state.tree)
        self._places = {
            name: names.index(f"slots.{SEARCH}.{name}")
            for name in ("iterations", "stays", "status")
        }
        self.is_evaluated = False

    @property
    def has_ended(self) -> bool:
        """Whether the method has ended, so that further iterations change nothing."""
        return self.is_evaluated and bool(self._value("status"))

    @property
    def end(self) -> str:
        """How the method has ended, and why; "" as long as it goes on."""
        if not self.has_ended:
            return ""
        return end_in_words(self._optimizer, int(self._value("status")), self._dtype)

    def begin(self) -> None:
        """Let the next step evaluate the point where the method is, and do no more."""
        state = self._state
        values = list(state.values)
        for name, value in {"stays": True, "status": 0}.items():
            place = self._places[name]
            values[place] = np.array(value, values[place].dtype)
        previous = values if state.previous is state.values else state.previous
        state.values, state.previous, state.steps_since_previous = values, previous, 0

    def steps_in(self, values: list[Array]) -> int:
        """Return how many iterations lead from the state to some later values."""
        place = self._places["iterations"]
        return int(values[place]) - int(self._state.values[place])

    def _value(self, name: str) -> Any:
        return self._state.values[self._places[name]]

"""What a network or a machine keeps and takes up again: its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.checks import bad_argument
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.train.history import History

if TYPE_CHECKING:
    from chainrule.train.files.network_state import NetworkState
    from chainrule.train.model.model import Model

__all__ = ["Resumable"]


@answers_foreign_names(FIT_ALIASES)
class Resumable:
    """Layers whose training can be taken up again."""

    history: History | None = None
    _model: Model

    def state(self) -> NetworkState:
        """Return all that determines how the training goes on: a copy, for `restore`.

        These are parameters, running statistics, what is frozen, the state and the learning rate of
        the optimiser, the counters of epochs and steps, from which random numbers follow, and the
        history. A state can be pickled.

        Returns
        -------
        NetworkState
            Of this moment, also while another thread trains the network.

        Raises
        ------
        ArgumentError
            If there are no parameters yet, or there are parts that `save` refuses.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import Network, nn
        >>> net = Network([nn.Dense(1)])
        >>> net.compile(loss="mse")
        >>> X, y = np.eye(4), np.arange(4.0)
        >>> state = net.state() if net.fit(X, y, verbose=0) else None
        >>> first = net.fit(X, y, epochs=3, verbose=0)["loss"]
        >>> net.restore(state)
        >>> net.fit(X, y, epochs=3, verbose=0)["loss"] == first
        True
        """
        from chainrule.train.files.network_state import state_of

        return state_of(self._model, self.history, "state")

    def restore(self, state: NetworkState) -> None:
        """Take up a state again: `fit` then goes on as it did from there, bit for bit.

        Parameters
        ----------
        state : NetworkState
            Of this network, or of one of the same layers that is compiled in the same way; of this
            machine, or of one with the same settings.

        Raises
        ------
        ArgumentError
            If it is no state, or one of other layers; nothing has changed then.
        """
        from chainrule.train.files.network_state import NetworkState, restore_state

        given: Any = state
        if not isinstance(given, NetworkState):
            rule = "what net.state() has returned; weights alone are set by net.params.update(...)"
            raise bad_argument("restore", "state", given, rule)
        self._model.training.refuse("restore")
        self.history = restore_state(self._model, state, "restore")

"""The settings of a restricted Boltzmann machine, and its model."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.attributes import refuse_assignment
from chainrule.arguments.checks import (
    NON_NEGATIVE,
    Range,
    checked_count,
    checked_flag,
    checked_l2,
    checked_number,
    checked_seed,
)
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.schedule import Rate
from chainrule.optim.sgd import SGD
from chainrule.train.model.model import Model, checked_dtype
from chainrule.train.model.parameters import Params
from chainrule.train.rbm.contrastive_divergence import Contrast
from chainrule.train.rbm.fit import set_optimizer
from chainrule.train.resumable import Resumable

__all__ = ["MachineSettings"]

_OPEN_FRACTION = Range("a number between 0 and 1, such as 0.05, or None", lambda x: 0 < x < 1)
_FIXED = "create another chainrule.RBM with it"
_ASSIGNABLE = ("history", "k", "l2", "optimizer", "sparsity", "sparsity_cost")
_ASSIGNMENTS = {
    "batch_size": _FIXED,
    "dtype": _FIXED,
    "hidden": _FIXED,
    "learning_rate": "assign machine.optimizer = optim.SGD(...) with it",
    "momentum": "assign machine.optimizer = optim.SGD(...) with it",
    "params": "assign the arrays: machine.params.update({...})",
    "persistent": _FIXED,
    "seed": _FIXED,
}


@answers_foreign_names(FIT_ALIASES)
class MachineSettings(Resumable):
    """Sizes and settings: those that the next call of `fit` reads can be assigned."""

    hidden: int
    persistent: bool
    batch_size: int
    seed: int

    def __init__(
        self,
        hidden: int = 256,
        learning_rate: Rate = 0.05,
        k: int = 1,
        persistent: bool = False,
        batch_size: int = 32,
        momentum: float = 0.0,
        l2: float = 0.0,
        seed: int = 0,
        dtype: str = "float32",
        sparsity: float | None = None,
        sparsity_cost: float = 10.0,
    ) -> None:
        fixed = {
            "hidden": checked_count("RBM", "hidden", hidden, 1),
            "persistent": checked_flag("RBM", "persistent", persistent),
            "batch_size": checked_count("RBM", "batch_size", batch_size, 1),
            "seed": checked_seed("RBM", seed),
        }
        vars(self).update(fixed)
        chains = self.batch_size if self.persistent else 0
        k, l2 = checked_count("RBM", "k", k, 1), checked_l2("RBM", l2)
        self._layer = Contrast(self.hidden, k, chains, l2)
        self.sparsity, self.sparsity_cost = sparsity, sparsity_cost  # checked by the setters
        self._model = Model(self.seed, checked_dtype(dtype))
        self._model.add(self._layer)
        set_optimizer(self._model, SGD(learning_rate, momentum))

    @property
    def params(self) -> Params:
        """``weight``, (visible, hidden), ``visible_bias``, ``hidden_bias``; live arrays.

        Persistent machines also have ``chains``, the states of their hidden units.
        """
        return Params(self._layer.parameters(), self._model)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of parameters and computation."""
        return self._model.dtype

    @property
    def optimizer(self) -> Optimizer:
        """The optimiser; another one may be assigned between two calls of `fit`.

        Hinton's guide begins with a momentum of 0.5 and raises it after some epochs:
        ``machine.optimizer = optim.SGD(0.05, momentum=0.9)``. Velocities are retained.
        """
        return self._model.objective("optimizer").optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer) -> None:
        set_optimizer(self._model, optimizer)

    @property
    def k(self) -> int:
        """Number of sweeps of Gibbs sampling in each step; may be assigned."""
        return self._layer.k

    @k.setter
    def k(self, k: int) -> None:
        self._layer.k = checked_count("RBM", "k", k, 1)

    @property
    def l2(self) -> float:
        """The λ of the L2 penalty; may be assigned between two calls of `fit`."""
        return self._layer.l2

    @l2.setter
    def l2(self, l2: float) -> None:
        self._layer.l2 = checked_l2("RBM", l2)

    @property
    def sparsity(self) -> float | None:
        """The mean activation that the hidden units are driven to, or None; may be assigned."""
        return self._layer.sparsity

    @sparsity.setter
    def sparsity(self, sparsity: float | None) -> None:
        if sparsity is not None:
            sparsity = checked_number("RBM", "sparsity", sparsity, _OPEN_FRACTION)
        self._layer.sparsity = sparsity

    @property
    def sparsity_cost(self) -> float:
        """How strongly they are driven to it; may be assigned."""
        return self._layer.sparsity_cost

    @sparsity_cost.setter
    def sparsity_cost(self, cost: float) -> None:
        cost = checked_number("RBM", "sparsity_cost", cost, NON_NEGATIVE)
        self._layer.sparsity_cost = cost

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute that has an effect."""
        if not name.startswith("_") and name not in _ASSIGNABLE:
            refuse_assignment(self, "machine", name, _ASSIGNMENTS)
        object.__setattr__(self, name, value)

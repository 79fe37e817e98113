"""The exact partition function of a small machine: a sum over all states of its smaller layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.autodiff.control_flow.scan import scan
from chainrule.compiler.jit import jit
from chainrule.errors import ArgumentError
from chainrule.train.rbm.energy import Couplings, free_energy

__all__ = ["log_partition"]

MOST_UNITS = 20
"""Largest number of units of the smaller layer: 2²⁰ states beside 784 units take seconds."""

_BLOCK = 1024
"""States of one block."""


def log_partition(couplings: Couplings) -> float:
    """Compute ln Z = ln Σ_v exp(-F(v)), or the same over h where there are fewer hidden units.

    Examples
    --------
    >>> none = {"weight": np.zeros((3, 2)), "visible_bias": np.zeros(3), "hidden_bias": np.zeros(2)}
    >>> float(round(log_partition(none) / np.log(2), 12))  # 2⁵ states of equal energy
    5.0
    """
    exact = {name: np.asarray(each, np.float64) for name, each in couplings.items()}
    visible, hidden = exact["weight"].shape
    if min(visible, hidden) > MOST_UNITS:
        raise ArgumentError(
            f"log_partition: the machine has {visible} visible and {hidden} hidden units, and the "
            f"sum over all states of the fewer has 2^{min(visible, hidden)} terms; it is computed "
            f"up to {MOST_UNITS} units: use pseudo_likelihood, or compare free energies"
        )
    if hidden < visible:
        exact = {
            "weight": exact["weight"].T,
            "visible_bias": exact["hidden_bias"],
            "hidden_bias": exact["visible_bias"],
        }
    return float(_sum_of_states(exact))


def _summed(couplings: Couplings) -> Any:
    """Sum over all states of the visible units, in blocks and without overflow."""
    units = couplings["visible_bias"].shape[0]
    block = min(_BLOCK, 2**units)
    bits = np.arange(units)

    def add(total: Any, first: Any) -> tuple[Any, tuple[()]]:
        numbers = first + np.arange(block)
        states = np.floor(numbers[:, np.newaxis] / 2.0**bits) % 2
        return np.logaddexp(total, np.logaddexp.reduce(-free_energy(couplings, states))), ()

    return scan(add, np.float64(-np.inf), np.arange(0, 2**units, block))[0]


_sum_of_states: Callable[[Couplings], Any] = jit(_summed)

"""Energies and conditional distributions of a restricted Boltzmann machine, in plain NumPy.

Visible units v and hidden units h are binary, and each joint state has an energy,

    E(v, h) = -b·v - c·h - v W h,        p(v, h) = exp(-E(v, h)) / Z

There are no couplings within a layer, so the units of one layer are independent given the other.
Summing over h gives the free energy F(v) = -ln Σ_h exp(-E(v, h)), and p(v) = exp(-F(v)) / Z.

References
----------
Smolensky (1986), "Information processing in dynamical systems: foundations of harmony theory".
Hinton (2010), "A practical guide to training restricted Boltzmann machines", sections 2 and 16.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.autodiff.control_flow.scan import scan
from chainrule.nn.activations.activation import ACTIVATIONS
from chainrule.nn.random_stream import RandomStream

__all__ = [
    "Couplings",
    "free_energy",
    "gibbs_sampling",
    "hidden_probabilities",
    "pseudo_likelihood_estimate",
    "sample_units",
    "visible_probabilities",
]

Couplings = Mapping[str, Any]
"""``weight`` W, (visible, hidden); ``visible_bias`` b, (visible,); ``hidden_bias`` c, (hidden,)."""

DRAWS_OF_A_SWEEP = 2

sigmoid, softplus = ACTIVATIONS["sigmoid"], ACTIVATIONS["softplus"]


def hidden_probabilities(couplings: Couplings, visible: Any) -> Any:
    """Compute p(h = 1 | v) = σ(v W + c)."""
    return sigmoid(_fields(couplings, visible))


def visible_probabilities(couplings: Couplings, hidden: Any) -> Any:
    """Compute p(v = 1 | h) = σ(h Wᵀ + b)."""
    return sigmoid(hidden @ couplings["weight"].T + couplings["visible_bias"])


def free_energy(couplings: Couplings, visible: Any) -> Any:
    """Compute F(v) = -b·v - Σ_j ln(1 + exp((v W + c)_j)).

    Examples
    --------
    >>> none = {"weight": np.zeros((3, 2)), "visible_bias": np.zeros(3), "hidden_bias": np.zeros(2)}
    >>> free_energy(none, np.ones((1, 3))).round(4)  # -2 ln 2
    array([-1.3863])
    """
    hidden_terms = np.sum(softplus(_fields(couplings, visible)), axis=1)
    return -(visible @ couplings["visible_bias"]) - hidden_terms


def pseudo_likelihood_estimate(couplings: Couplings, visible: Any, random: RandomStream) -> Any:
    """Estimate the log pseudo-likelihood Σ_i ln p(v_i | v_¬i) of each row by one unit.

    For a random unit i let v' be v with v_i flipped; then p(v_i | v_¬i) = σ(F(v') - F(v)), and
    the estimate is the number of units times its logarithm.

    References
    ----------
    Besag (1975), "Statistical analysis of non-lattice data", section 3: the pseudo-likelihood.
    """
    rows, units = visible.shape
    unit = (random.uniform((rows,), visible.dtype) * units).astype(int)
    unit = np.minimum(unit, units - 1)  # the product may be rounded up to their number
    change = 1 - 2 * visible[np.arange(rows), unit]
    fields = _fields(couplings, visible)
    flipped = fields + change[:, np.newaxis] * couplings["weight"][unit]
    more = np.sum(softplus(fields) - softplus(flipped), axis=1)
    return -units * softplus(change * couplings["visible_bias"][unit] - more)


def sample_units(probabilities: Any, random: RandomStream) -> Any:
    """Draw Bernoulli units with these probabilities."""
    dtype = probabilities.dtype
    return (random.uniform(probabilities.shape, dtype) < probabilities).astype(dtype)


def gibbs_sampling(couplings: Couplings, hidden: Any, sweeps: int, random: RandomStream) -> Any:
    """Run sweeps of block Gibbs sampling: visible given hidden, then hidden given visible.

    References
    ----------
    Geman & Geman (1984), "Stochastic relaxation, Gibbs distributions, and the Bayesian restoration
    of images".
    """

    def sweep(hidden: Any, number: Any) -> tuple[Any, tuple[()]]:
        stream = random.at(number)
        visible = sample_units(visible_probabilities(couplings, hidden), stream)
        return sample_units(hidden_probabilities(couplings, visible), stream), ()

    if not sweeps:
        return hidden
    first = random.reserve(DRAWS_OF_A_SWEEP * sweeps)
    return scan(sweep, hidden, first + DRAWS_OF_A_SWEEP * np.arange(sweeps))[0]


def _fields(couplings: Couplings, visible: Any) -> Any:
    """The inputs of the hidden units, v W + c."""
    return visible @ couplings["weight"] + couplings["hidden_bias"]

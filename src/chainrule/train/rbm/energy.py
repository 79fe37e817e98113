"""What a restricted Boltzmann machine computes, in plain NumPy: energies and conditional draws.

Visible units v and hidden units h are 0 or 1, and each pair of settings has an energy,

    E(v, h) = -b·v - c·h - v W h,        p(v, h) = exp(-E(v, h)) / Z

Units of a kind do not see each other, so given one kind the other is independent coins. Summing
over all h leaves the free energy of v alone, F(v) = -ln Σ_h exp(-E(v, h)), and p(v) = exp(-F(v))/Z.

References
----------
Smolensky (1986), "Information processing in dynamical systems: foundations of harmony theory".
Hinton (2010), "A practical guide to training restricted Boltzmann machines", sections 2 and 16.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.autodiff.scan import scan
from chainrule.nn.activations.activation import ACTIVATIONS
from chainrule.nn.random_stream import RandomStream

__all__ = [
    "Couplings",
    "chain",
    "flip",
    "free_energy",
    "hidden_probabilities",
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
    >>> free_energy(none, np.ones((1, 3))).round(4)  # two coins: -2 ln 2
    array([-1.3863])
    """
    coins = np.sum(softplus(_fields(couplings, visible)), axis=1)
    return -(visible @ couplings["visible_bias"]) - coins


def flip(couplings: Couplings, visible: Any, random: RandomStream) -> Any:
    """Estimate ln Π_i p(v_i | all others), the pseudo-likelihood, by one unit of each row.

    A unit i is drawn and turned over, v' = v but for v'_i = 1 - v_i; given the others it has its
    own value with probability σ(F(v') - F(v)). As each unit may be drawn, the estimate is as many
    times its logarithm as there are units.

    References
    ----------
    Besag (1975), "Statistical analysis of non-lattice data", section 3: the pseudo-likelihood.
    """
    rows, units = visible.shape
    place = (random.uniform((rows,), visible.dtype) * units).astype(int)
    place = np.minimum(place, units - 1)  # the product may be rounded up to their number
    turn = 1 - 2 * visible[np.arange(rows), place]
    fields = _fields(couplings, visible)
    turned = fields + turn[:, np.newaxis] * couplings["weight"][place]
    more = np.sum(softplus(fields) - softplus(turned), axis=1)
    return -units * softplus(turn * couplings["visible_bias"][place] - more)


def sample_units(probabilities: Any, random: RandomStream) -> Any:
    """Draw 1 with these probabilities, else 0."""
    kind = probabilities.dtype
    return (random.uniform(probabilities.shape, kind) < probabilities).astype(kind)


def chain(couplings: Couplings, hidden: Any, sweeps: int, random: RandomStream) -> Any:
    """Sample visible units given hidden ones, then hidden given visible, again and again.

    References
    ----------
    Geman & Geman (1984), "Stochastic relaxation, Gibbs distributions, and the Bayesian restoration
    of images".
    """

    def sweep(hidden: Any, number: Any) -> tuple[Any, tuple[()]]:
        own = random.at(number)
        visible = sample_units(visible_probabilities(couplings, hidden), own)
        return sample_units(hidden_probabilities(couplings, visible), own), ()

    if not sweeps:
        return hidden
    first = random.reserve(DRAWS_OF_A_SWEEP * sweeps)
    return scan(sweep, hidden, first + DRAWS_OF_A_SWEEP * np.arange(sweeps))[0]


def _fields(couplings: Couplings, visible: Any) -> Any:
    """What the hidden units get from the visible ones, v W + c."""
    return visible @ couplings["weight"] + couplings["hidden_bias"]

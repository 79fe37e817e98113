"""Exact distribution of a small machine by enumeration of all its states: the oracle."""

from itertools import product

import numpy as np


def all_states(units):
    """Return all binary states of some units, (2^units, units)."""
    return np.array(list(product([0.0, 1.0], repeat=units)))


def small_machine(visible=4, hidden=3, scale=1.0, seed=0):
    """Return parameters of a small machine, in float64."""
    draw = np.random.default_rng(seed).normal
    return {
        "weight": scale * draw(size=(visible, hidden)),
        "visible_bias": scale * draw(size=visible),
        "hidden_bias": scale * draw(size=hidden),
    }


def joint(couplings):
    """Return p(v, h) of all pairs of states, (2^visible, 2^hidden), and ln Z, from the energies."""
    v, h = (all_states(n) for n in couplings["weight"].shape)
    energy = np.zeros((len(v), len(h)))
    for row, one in enumerate(v):
        for column, other in enumerate(h):
            energy[row, column] = -(
                one @ couplings["visible_bias"]
                + other @ couplings["hidden_bias"]
                + one @ couplings["weight"] @ other
            )
    weight = np.exp(-energy)
    return weight / weight.sum(), np.log(weight.sum())


def likelihood_gradient(couplings, samples):
    """Return the exact gradient of the mean of -ln p(v) over samples in W, b and c."""
    p, _ = joint(couplings)
    v, h = (all_states(n) for n in couplings["weight"].shape)
    counts = np.array([(samples == one).all(axis=1).sum() for one in v])
    data = (counts / len(samples))[:, None] * p / p.sum(axis=1, keepdims=True)
    return {
        "weight": v.T @ (p - data) @ h,
        "visible_bias": (p - data).sum(axis=1) @ v,
        "hidden_bias": (p - data).sum(axis=0) @ h,
    }

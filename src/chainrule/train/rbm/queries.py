"""Inference of a restricted Boltzmann machine, each query compiled once for each shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.jit import jit
from chainrule.nn.random_stream import RandomStream, philox_key
from chainrule.train.inference.evaluate import PREDICT_BATCH_SIZE
from chainrule.train.inputs.samples import batches
from chainrule.train.rbm.energy import (
    Couplings,
    free_energy,
    gibbs_sampling,
    hidden_probabilities,
    pseudo_likelihood_estimate,
    sample_units,
    visible_probabilities,
)

__all__ = ["features", "free_energies", "gibbs_states", "pseudo_likelihoods", "reconstruction"]

Array = NDArray[Any]

_BLOCK = 100
"""Sweeps of one native call, during which Ctrl-C waits."""

_LAST = 2**32 - 1


def features(couplings: Couplings, X: Array) -> Array:
    """Return the probabilities of the hidden units for each row, (n, hidden)."""
    return np.concatenate([_features(couplings, rows) for _, rows in _parts(couplings, X)])


def reconstruction(couplings: Couplings, X: Array) -> Array:
    """Return the probabilities of the visible units given those of the hidden, (n, visible)."""
    return np.concatenate([_reconstruction(couplings, rows) for _, rows in _parts(couplings, X)])


def free_energies(couplings: Couplings, X: Array) -> Array:
    """Return the free energy of each row, (n,)."""
    return np.concatenate([_energies(couplings, rows) for _, rows in _parts(couplings, X)])


def pseudo_likelihoods(couplings: Couplings, X: Array, seed: int) -> Array:
    """Return an estimate of the logarithm of the pseudo-likelihood of each row, (n,)."""
    key = philox_key(seed)
    return np.concatenate(
        [_pseudo_likelihoods(couplings, rows, key, part) for part, rows in _parts(couplings, X)]
    )


def gibbs_states(couplings: Couplings, X: Array | int, sweeps: int, seed: int) -> Array:
    """Run chains of Gibbs sampling and return their final visible units."""
    key, parts = philox_key(seed), []
    for part, hidden in _starts(couplings, X, key):
        done = 0
        while done < sweeps - 1:
            now = min(_BLOCK, sweeps - 1 - done)
            # Random streams: epoch 0 for the start, one a block of sweeps, the last for the end.
            hidden = _run_sweeps(couplings, hidden, key, np.int64(1 + done // _BLOCK), part, now)
            done += now
        parts.append(_visible(couplings, hidden, key, np.int64(sweeps), part))
    return np.concatenate(parts)


def _starts(couplings: Couplings, X: Array | int, key: Array) -> Iterator[tuple[Any, Any]]:
    if not isinstance(X, int):
        for part, rows in _parts(couplings, X):
            yield part, _hidden(couplings, rows, key, part)
        return
    bias = couplings["hidden_bias"]
    halves = np.full((X, len(bias)), 0.5, bias.dtype)
    for part, rows in enumerate(batches(X, PREDICT_BATCH_SIZE)):
        yield np.int64(part), _fair_bits(halves[rows], key, np.int64(part))


def _parts(couplings: Couplings, X: Array) -> Iterator[tuple[Any, Array]]:
    """Yield blocks of rows in the machine's dtype."""
    dtype = couplings["weight"].dtype
    for part, rows in enumerate(batches(len(X), PREDICT_BATCH_SIZE)):
        yield np.int64(part), np.ascontiguousarray(X[rows], dtype)


_features: Callable[..., Array] = jit(hidden_probabilities)
_energies: Callable[..., Array] = jit(free_energy)


@jit
def _reconstruction(couplings: Couplings, visible: Any) -> Any:
    return visible_probabilities(couplings, hidden_probabilities(couplings, visible))


@jit
def _pseudo_likelihoods(couplings: Couplings, visible: Any, key: Any, part: Any) -> Any:
    return pseudo_likelihood_estimate(couplings, visible, RandomStream(key, step=part))


@jit
def _fair_bits(halves: Any, key: Any, part: Any) -> Any:
    return sample_units(halves, RandomStream(key, step=part))


@jit
def _hidden(couplings: Couplings, visible: Any, key: Any, part: Any) -> Any:
    return sample_units(hidden_probabilities(couplings, visible), RandomStream(key, step=part))


def _sweep(couplings: Couplings, hidden: Any, key: Any, block: Any, part: Any, sweeps: int) -> Any:
    return gibbs_sampling(couplings, hidden, sweeps, RandomStream(key, block, part))


_run_sweeps: Callable[..., Array] = jit(_sweep, static_argnums=5)


@jit
def _visible(couplings: Couplings, hidden: Any, key: Any, sweeps: Any, part: Any) -> Any:
    random = RandomStream(key, _LAST, part).at(sweeps)
    return sample_units(visible_probabilities(couplings, hidden), random)

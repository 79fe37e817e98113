"""What is asked of a machine, row by row: each question is one program, compiled for its shape."""

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
    chain,
    flip,
    free_energy,
    hidden_probabilities,
    sample_units,
    visible_probabilities,
)

__all__ = ["energies_of", "features_of", "pseudo_likelihoods_of", "reconstructed", "states_after"]

Array = NDArray[Any]

_BLOCK = 100
"""Sweeps of one native call, which Ctrl-C has to wait for."""

_LAST = 2**32 - 1


def features_of(couplings: Couplings, X: Array) -> Array:
    """Return the probabilities of the hidden units for each row, (n, hidden)."""
    return np.concatenate([_features(couplings, rows) for _, rows in _parts(couplings, X)])


def reconstructed(couplings: Couplings, X: Array) -> Array:
    """Return the probabilities of the visible units given those of the hidden, (n, visible)."""
    return np.concatenate([_reconstruction(couplings, rows) for _, rows in _parts(couplings, X)])


def energies_of(couplings: Couplings, X: Array) -> Array:
    """Return the free energy of each row, (n,)."""
    return np.concatenate([_energies(couplings, rows) for _, rows in _parts(couplings, X)])


def pseudo_likelihoods_of(couplings: Couplings, X: Array, seed: int) -> Array:
    """Return an estimate of the logarithm of the pseudo-likelihood of each row, (n,)."""
    key = philox_key(seed)
    return np.concatenate(
        [_told(couplings, rows, key, part) for part, rows in _parts(couplings, X)]
    )


def states_after(couplings: Couplings, X: Array | int, sweeps: int, seed: int) -> Array:
    """Run chains of Gibbs sampling and return where their visible units are."""
    key, parts = philox_key(seed), []
    for part, hidden in _starts(couplings, X, key):
        done = 0
        while done < sweeps - 1:
            now = min(_BLOCK, sweeps - 1 - done)
            # A start draws as epoch 0, each block of sweeps as another one, the end as the last.
            hidden = _swept(couplings, hidden, key, np.int64(1 + done // _BLOCK), part, now)
            done += now
        parts.append(_shown(couplings, hidden, key, np.int64(sweeps), part))
    return np.concatenate(parts)


def _starts(couplings: Couplings, X: Array | int, key: Array) -> Iterator[tuple[Any, Any]]:
    if not isinstance(X, int):
        for part, rows in _parts(couplings, X):
            yield part, _hidden(couplings, rows, key, part)
        return
    bias = couplings["hidden_bias"]
    evenly = np.full((X, len(bias)), 0.5, bias.dtype)
    for part, rows in enumerate(batches(X, PREDICT_BATCH_SIZE)):
        yield np.int64(part), _coins(evenly[rows], key, np.int64(part))


def _parts(couplings: Couplings, X: Array) -> Iterator[tuple[Any, Array]]:
    """Cut rows into parts of a usual size, as the machine's kind of number."""
    dtype = couplings["weight"].dtype
    for part, rows in enumerate(batches(len(X), PREDICT_BATCH_SIZE)):
        yield np.int64(part), np.ascontiguousarray(X[rows], dtype)


_features: Callable[..., Array] = jit(hidden_probabilities)
_energies: Callable[..., Array] = jit(free_energy)


@jit
def _reconstruction(couplings: Couplings, visible: Any) -> Any:
    return visible_probabilities(couplings, hidden_probabilities(couplings, visible))


@jit
def _told(couplings: Couplings, visible: Any, key: Any, part: Any) -> Any:
    return flip(couplings, visible, RandomStream(key, step=part))


@jit
def _coins(evenly: Any, key: Any, part: Any) -> Any:
    return sample_units(evenly, RandomStream(key, step=part))


@jit
def _hidden(couplings: Couplings, visible: Any, key: Any, part: Any) -> Any:
    return sample_units(hidden_probabilities(couplings, visible), RandomStream(key, step=part))


def _sweep(couplings: Couplings, hidden: Any, key: Any, block: Any, part: Any, sweeps: int) -> Any:
    return chain(couplings, hidden, sweeps, RandomStream(key, block, part))


_swept: Callable[..., Array] = jit(_sweep, static_argnums=5)


@jit
def _shown(couplings: Couplings, hidden: Any, key: Any, sweeps: Any, part: Any) -> Any:
    random = RandomStream(key, _LAST, part).at(sweeps)
    return sample_units(visible_probabilities(couplings, hidden), random)

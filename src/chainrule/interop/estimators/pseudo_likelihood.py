"""Pseudo-likelihood of a restricted Boltzmann machine, by one unit of each sample."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["log_pseudo_likelihood"]


def log_pseudo_likelihood(
    v: Any, components: Any, intercept_hidden: Any, intercept_visible: Any, rng: Any
) -> Any:
    """Return n ln P(v_i | v_others) of each sample of n units, i being a function of the sample.

    References
    ----------
    Besag (1975), "Statistical analysis of non-lattice data".
    """
    rows, columns = np.arange(v.shape[0]), _units(v, rng)
    # F of the changed sample minus F: only one term of v b and one of v Wᵀ differ.
    old = np.asarray(v[rows, columns]).ravel()
    change = 1 - 2 * old
    inputs = v @ components.T + intercept_hidden
    others = inputs + change[:, None] * components.T[columns]
    softplus = np.logaddexp(0, inputs).sum(axis=1) - np.logaddexp(0, others).sum(axis=1)
    difference = softplus - change * intercept_visible[columns]
    return -v.shape[1] * np.logaddexp(0, -difference)


def _units(v: Any, rng: Any) -> Any:
    """Return a column for each row, by multiply-shift hashing of the bits of its numbers.

    References
    ----------
    Dietzfelbinger (1996), "Universal hashing and k-wise independent random variables via integer
    arithmetic without primes", section 2.
    """
    odd = rng.randint(0, 2**63, (v.shape[1], 2), np.int64).astype(np.uint64) * np.uint64(2)
    odd += np.uint64(1)
    if isinstance(v, np.ndarray):
        bits = (v.astype(np.float64) + 0.0).view(np.uint64)  # 0 for -0, too
        hashes = (bits * odd[:, 0] ^ (bits >> np.uint64(32)) * odd[:, 1]).sum(axis=1)
    else:
        bits = (v.data.astype(np.float64) + 0.0).view(np.uint64)
        each = bits * odd[v.indices, 0] ^ (bits >> np.uint64(32)) * odd[v.indices, 1]
        hashes = np.zeros(v.shape[0], np.uint64)
        np.add.at(hashes, np.repeat(np.arange(v.shape[0]), np.diff(v.indptr)), each)
    return ((hashes >> np.uint64(32)) % np.uint64(v.shape[1])).astype(np.intp)

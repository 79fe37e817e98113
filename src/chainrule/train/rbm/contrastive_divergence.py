"""Contrastive divergence: the gradient of a difference of free energies, derived as any other.

The negative log-likelihood of samples v and its gradient are::

    -ln p(v) = F(v) + ln Z        dF(v) - E_p[dF(v')]

The second term needs samples v' of the model. Contrastive divergence (CD-k) starts Gibbs sampling
at the data and runs k sweeps; its persistent form (PCD) continues chains from step to step. Either
way the step is the gradient of F(v) - F(v') with v' held constant, so nothing is derived by hand
and the training loop of networks is used.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from chainrule.nn.initializers.distributions import normal
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.losses.loss import Loss
from chainrule.nn.random_stream import RandomStream
from chainrule.ops.primitives.selection import stop_gradient
from chainrule.train.metrics import Metric
from chainrule.train.rbm.energy import (
    Couplings,
    free_energy,
    gibbs_sampling,
    hidden_probabilities,
    pseudo_likelihood_estimate,
    sample_units,
    visible_probabilities,
)

__all__ = ["CONTRAST", "PSEUDO_LIKELIHOOD", "Contrast"]

_SMALL = 0.01
"""Standard deviation of the first weights: Hinton (2010), section 8."""


class Contrast(Layer):
    """The units of a machine as a layer; while training, the contrast of free energies.

    Parameters
    ----------
    hidden : int > 0
        Number of hidden units.
    k : int > 0
        Sweeps of Gibbs sampling in each step.
    chains : int >= 0
        Number of persistent chains; 0 starts new ones at the data.
    l2 : float >= 0
        λ of the penalty λ/2·‖W‖².
    sparsity : float in (0, 1) or None
        Mean activation that the hidden biases are driven to; None drives them to none.
    sparsity_cost : float >= 0
        Weight of this drive.

    Attributes
    ----------
    weight, visible_bias, hidden_bias : Parameter
        W, (visible, hidden), b and c.
    chains : Parameter or None
        States of the hidden units of the persistent chains, (chains, hidden).

    References
    ----------
    Hinton (2002), "Training products of experts by minimizing contrastive divergence".
    Tieleman (2008), "Training restricted Boltzmann machines using approximations to the likelihood
    gradient": persistent chains.
    Lee, Ekanadham & Ng (2008), "Sparse deep belief net model for visual area V2": sparsity.
    """

    def __init__(
        self,
        hidden: int,
        k: int,
        chains: int,
        l2: float,
        sparsity: float | None = None,
        sparsity_cost: float = 0.0,
    ) -> None:
        self.hidden, self.k, self.count, self.l2 = hidden, k, chains, l2
        self.sparsity, self.sparsity_cost = sparsity, sparsity_cost
        self.chains = None
        self.name = "rbm"

    def build(self, input_shape: Shape) -> None:
        """Create W, b and c, and the persistent chains in random states."""
        visible = input_shape[-1]
        shape = (visible, self.hidden)
        self.weight = self.parameter("weight", shape, partial(normal, stddev=_SMALL))
        self.visible_bias = self.parameter("visible_bias", (visible,))
        self.hidden_bias = self.parameter("hidden_bias", (self.hidden,))
        if self.count:
            states = (self.count, self.hidden)
            self.chains = self.parameter("chains", states, _fair_bits, trainable=False)

    def initialize_bias(self, X: Any) -> None:
        """Set b to the log-odds of each column's mean, with Laplace smoothing.

        References
        ----------
        Hinton (2010), section 8.
        """
        counts = X.sum(axis=0, dtype=np.float64) + 1
        np.copyto(self.visible_bias.value, np.log(counts / (len(X) + 2 - counts)))

    @property
    def couplings(self) -> Couplings:
        """W, b and c: arrays, or nodes while a step is traced."""
        names = ("weight", "visible_bias", "hidden_bias")
        return {name: getattr(self, name).value for name in names}

    def forward(self, x: Any) -> Any:
        """Compute the probabilities of the hidden units."""
        return hidden_probabilities(self.couplings, x)

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Compute F(v) - F(v') and the pseudo-likelihood of each sample, (batch, 2)."""
        couplings = self.couplings
        model_samples = stop_gradient(self._sample_model(x, random))
        # A constant: otherwise zeros would be propagated back through it.
        pseudo_likelihoods = stop_gradient(pseudo_likelihood_estimate(couplings, x, random))
        contrast = free_energy(couplings, x) - np.mean(free_energy(couplings, model_samples))
        if self.sparsity is not None:
            contrast = contrast + self._sparsity_term(couplings, x, self.sparsity)
        return np.stack([contrast, pseudo_likelihoods], axis=1)

    def _sparsity_term(self, couplings: Couplings, data: Any, target: float) -> Any:
        """Compute a term of value 0 with the gradient cost·(q - p) by the hidden biases.

        q is the mean activation of each unit over the batch, p its target: the gradient of their
        cross-entropy by the unit's input (Hinton 2010, section 11), for the biases alone, as in
        Lee et al. (2008), since weights would follow the mean image.
        """
        excess = np.mean(hidden_probabilities(couplings, data), axis=0) - target
        bias = couplings["hidden_bias"]
        drive = stop_gradient(excess) * (bias - stop_gradient(bias))
        return self.sparsity_cost * np.sum(drive)

    def _sample_model(self, data: Any, random: RandomStream) -> Any:
        """Draw visible units by Gibbs sampling; persistent chains keep their state."""
        couplings = self.couplings
        if self.chains is None:
            start = sample_units(hidden_probabilities(couplings, data), random)
        else:
            start = self.chains.value
        states = gibbs_sampling(couplings, start, self.k - 1, random)
        visible = sample_units(visible_probabilities(couplings, states), random)
        if self.chains is not None:
            self.chains.value = sample_units(hidden_probabilities(couplings, visible), random)
        return visible


def _fair_bits(shape: tuple[int, ...], generator: np.random.Generator, dtype: np.dtype[Any]) -> Any:
    return generator.integers(2, size=shape).astype(dtype)


# Functions with names, as a machine is pickled with them.
def _contrast(_: Any, outputs: Any) -> Any:
    return outputs[:, 0]


def _pseudo_likelihood(_: Any, outputs: Any) -> Any:
    return outputs[:, 1]


CONTRAST = Loss("free_energy_contrast", _contrast, checks=False)
"""The training objective; its value says little, as the model samples change with it."""

PSEUDO_LIKELIHOOD = Metric("pseudo_likelihood", _pseudo_likelihood, is_mean=True)
"""The metric to monitor: the mean over samples of the log pseudo-likelihood, in nats."""

"""What a Boltzmann machine learns by: a contrast of free energies, whose derivative is derived.

The likelihood of samples v falls with their free energy and with that of all other states,

    -ln p(v) = F(v) + ln Z,        its derivative   dF(v) - E_p[dF(v')]

The second term asks for samples v' of the machine's own. Contrastive divergence starts Gibbs
sampling at the data and lets it make k sweeps; its persistent form keeps chains that go on from
step to step. Either way the step is the gradient of F(v) - F(v') with v' held fixed: there is
nothing to derive by hand, and a network's loop of training does the rest.
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
    chain,
    flip,
    free_energy,
    hidden_probabilities,
    sample_units,
    visible_probabilities,
)

__all__ = ["CONTRAST", "PSEUDO_LIKELIHOOD", "Contrast"]

_SMALL = 0.01
"""Standard deviation of the first weights: Hinton (2010), section 8."""


class Contrast(Layer):
    """The units of a machine as a layer: while it is trained, what its samples are told apart by.

    Parameters
    ----------
    hidden : int > 0
        How many hidden units.
    k : int > 0
        Sweeps of Gibbs sampling in each step.
    chains : int >= 0
        How many chains go on from step to step; 0 starts new ones at the data.
    l2 : float >= 0
        λ of the penalty λ/2·‖W‖².

    Attributes
    ----------
    weight, visible_bias, hidden_bias : Parameter
        W, (visible, hidden), b and c.
    chains : Parameter or None
        Where the hidden units of the chains stand, (chains, hidden).

    References
    ----------
    Hinton (2002), "Training products of experts by minimizing contrastive divergence".
    Tieleman (2008), "Training restricted Boltzmann machines using approximations to the likelihood
    gradient": persistent chains.
    """

    def __init__(self, hidden: int, k: int, chains: int, l2: float) -> None:
        self.hidden, self.k, self.count, self.l2 = hidden, k, chains, l2
        self.chains = None
        self.name = "rbm"

    def build(self, input_shape: Shape) -> None:
        """Make W, b and c, and the chains, in states that say nothing yet."""
        visible = input_shape[-1]
        shape = (visible, self.hidden)
        self.weight = self.parameter("weight", shape, partial(normal, stddev=_SMALL))
        self.visible_bias = self.parameter("visible_bias", (visible,))
        self.hidden_bias = self.parameter("hidden_bias", (self.hidden,))
        if self.count:
            states = (self.count, self.hidden)
            self.chains = self.parameter("chains", states, _coins, trainable=False)

    def expect(self, X: Any) -> None:
        """Set b to the log-odds of each column's mean, as if it had also been on once and off once.

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
        dreamed = stop_gradient(self._dream(x, random))
        told = stop_gradient(
            flip(couplings, x, random)
        )  # or zeros would be carried back through it
        contrast = free_energy(couplings, x) - np.mean(free_energy(couplings, dreamed))
        return np.stack([contrast, told], axis=1)

    def _dream(self, data: Any, random: RandomStream) -> Any:
        """Draw visible units from the machine itself, and leave the chains where that ended."""
        couplings = self.couplings
        if self.chains is None:
            start = sample_units(hidden_probabilities(couplings, data), random)
        else:
            start = self.chains.value
        states = chain(couplings, start, self.k - 1, random)
        visible = sample_units(visible_probabilities(couplings, states), random)
        if self.chains is not None:
            self.chains.value = sample_units(hidden_probabilities(couplings, visible), random)
        return visible


def _coins(shape: tuple[int, ...], generator: np.random.Generator, dtype: np.dtype[Any]) -> Any:
    return generator.integers(2, size=shape).astype(dtype)


CONTRAST = Loss("free_energy_contrast", lambda _, outputs: outputs[:, 0], checks=False)
"""What is descended on; its value says little, as the machine's samples change with it."""

PSEUDO_LIKELIHOOD = Metric("pseudo_likelihood", lambda _, outputs: outputs[:, 1], is_mean=True)
"""What to watch: the mean over samples of the logarithm, in nats."""

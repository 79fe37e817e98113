"""Implementations of a restricted Boltzmann machine reach the same pseudo-likelihood."""

from functools import cache

import numpy as np
import pytest

from benchmarks.workloads import rbm, w4_mnist


@cache
def reference():
    """Return the data, and the parameters that NumPy trains."""
    x = w4_mnist.synthetic(3200).x
    return x, rbm.BUILDERS["numpy"](x)()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "package"),
    [("chainrule", "chainrule"), ("sklearn", "sklearn"), ("torch", "torch"), ("jax", "jax")],
)
def test_a_machine_reaches_the_pseudo_likelihood_of_numpys(name, package):
    pytest.importorskip(package)
    x, expected = reference()
    trained = rbm.BUILDERS[name](x)()
    assert [np.shape(each) for each in trained] == [np.shape(each) for each in expected]
    likelihoods = [
        rbm.pseudo_likelihood(each, x) for each in (rbm.initial_parameters(), expected, trained)
    ]
    assert likelihoods[0] < likelihoods[1] - 50  # training improves it
    # Equal in the mean: draws differ, and scikit-learn's initial weights.
    assert likelihoods[2] == pytest.approx(likelihoods[1], rel=0.03)


def test_the_pseudo_likelihood_of_independent_bits_is_known():
    zeros = [np.zeros((784, 2)), np.zeros(784), np.zeros(2)]
    x = np.ones((5, 784), np.float32)
    assert rbm.pseudo_likelihood(zeros, x) == pytest.approx(-784 * np.log(2))

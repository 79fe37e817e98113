"""The contestants of the Boltzmann machine do the same work."""

import numpy as np
import pytest

from benchmarks.workloads import rbm, w4_mnist


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "package"),
    [("chainrule", "chainrule"), ("sklearn", "sklearn"), ("torch", "torch"), ("jax", "jax")],
)
def test_a_machine_ends_about_where_the_one_by_hand_does(name, package):
    pytest.importorskip(package)
    x = w4_mnist.synthetic(3200).x
    wanted, found = (rbm.BUILDERS[each](x)() for each in ("numpy", name))
    assert [np.shape(each) for each in found] == [np.shape(each) for each in wanted]
    likelihoods = [
        rbm.pseudo_likelihood(each, x) for each in (rbm.initial_parameters(), wanted, found)
    ]
    assert likelihoods[0] < likelihoods[1] - 50  # it learns
    # Alike in the mean: only what was drawn differs, and the first weights of scikit-learn.
    assert likelihoods[2] == pytest.approx(likelihoods[1], rel=0.03)


def test_the_pseudo_likelihood_of_independent_bits_is_known():
    nothing = [np.zeros((784, 2)), np.zeros(784), np.zeros(2)]
    x = np.ones((5, 784), np.float32)
    assert rbm.pseudo_likelihood(nothing, x) == pytest.approx(-784 * np.log(2))

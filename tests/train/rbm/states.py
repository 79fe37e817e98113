"""Training states, and comparison of trained parameters."""

import numpy as np

from tests.train.rbm.enumeration import all_states

X = (np.random.default_rng(0).random((90, 12)) < 0.4).astype("float32")


def bars_and_stripes(side=3):
    """Return the images whose rows, or whose columns, are all black or white."""
    bars = np.repeat(all_states(side), side, axis=1).reshape(-1, side, side)
    images = np.concatenate([bars, bars.transpose(0, 2, 1)]).reshape(-1, side * side)
    return np.unique(images, axis=0)


def parameters(machine):
    return {name: each.copy() for name, each in machine.params.items()}


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)

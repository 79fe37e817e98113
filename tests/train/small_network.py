"""A small network and samples for it."""

import numpy as np

from chainrule import nn
from chainrule.train.network import Network


def samples(count=40, features=3, seed=0):
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(count, features))
    return X, np.sin(X @ generator.normal(size=(features, 2)))


def small(optimizer="sgd", loss="mse", seed=0, dtype="float64", dropout=False, **compiled):
    middle = [nn.Dropout(0.3)] if dropout else []
    net = Network([nn.Dense(5, activation="tanh"), *middle, nn.Dense(2)], seed=seed, dtype=dtype)
    net.compile(loss=loss, optimizer=optimizer, **compiled)
    return net


def copy_of(params):
    return {name: array.copy() for name, array in params.items()}


def same(params, others):
    return all(np.array_equal(array, others[name]) for name, array in params.items())

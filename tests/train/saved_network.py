"""A trained network and its samples."""

import numpy as np

from chainrule import nn, optim
from chainrule.train.network import Network

X = np.random.default_rng(0).normal(size=(12, 3))
Y = np.array(["cat", "dog", "eel"] * 4)


def trained(**options):
    layers = [nn.Dense(4, activation="relu", l2=0.1), nn.Dropout(0.2), nn.Dense(3, "softmax")]
    net = Network(layers, seed=7, **options)
    net.compile("cross_entropy", optim.Adam(optim.cosine(0.1, epochs=3)), metrics=["accuracy"])
    net.fit(X, Y, epochs=2, verbose=0)
    return net

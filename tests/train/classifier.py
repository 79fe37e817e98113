"""A classifier of three classes, and samples of them."""

import numpy as np

from chainrule import nn, optim
from chainrule.train.network import Network

X = np.random.default_rng(0).normal(size=(30, 3))
LABELS = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def classifier(activation=None, labels=LABELS, loss="cross_entropy", units=3, epochs=30):
    net = Network([nn.Dense(8, activation="tanh"), nn.Dense(units, activation=activation)])
    net.compile(loss, optim.Adam(0.05), metrics="accuracy")
    net.fit(X, labels, epochs=epochs, batch_size=None, verbose=0)
    return net

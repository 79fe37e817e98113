"""Predictions of classifiers, as the plots ask for them."""

import numpy as np
import pytest

from chainrule import Network, datasets, nn, plot

pytestmark = pytest.mark.usefixtures("numpy_backend")


@pytest.mark.filterwarnings("ignore:fit. the metric accuracy counts each of the 10 outputs")
def test_of_outputs_by_themselves_the_largest_is_the_class_of_a_sample():
    X, y = datasets.digits()
    net = Network([nn.Dense(10, activation="sigmoid")], seed=0)
    net.compile(loss="binary_cross_entropy", optimizer="adam", metrics=["accuracy"])
    net.fit(X, np.eye(10)[y], epochs=2, verbose=0)
    right = int(np.sum(np.argmax(net.predict(X), axis=1) == y))
    for labels in (y, np.eye(10)[y]):
        title = plot.confusion(net, X, labels).axes[0].get_title()
        assert title.startswith(f"{right:,} of 1,797 right")
    assert plot.images(X[:4], y[:4], predicted=net).axes

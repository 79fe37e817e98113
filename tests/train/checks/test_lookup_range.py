"""An index outside of an embedding's vocabulary is reported by its layer."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import DataError, ShapeError
from chainrule.ops.numpy_api.indexing import get_item

X = np.tile(np.array([[1, 2, 3], [3, 2, 0]]), (40, 1))
Y = np.arange(80) % 2


def bad(sample=1):
    X_bad = X.copy()
    X_bad[sample, 2] = 12
    return X_bad


def network(first):
    net = cr.Network([*first, nn.LSTM(4), nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "sgd")
    return net


NESTED = {
    "second layer": lambda: [nn.Rescale(1.0), nn.Embedding(10, 4)],
    "time distributed": lambda: [
        nn.Reshape((3, 1)),
        nn.TimeDistributed(nn.Embedding(10, 4)),
        nn.Reshape((3, 4)),
    ],
    "concatenated": lambda: [nn.Concatenate([nn.Embedding(10, 4), nn.Embedding(20, 2)])],
}


@pytest.mark.parametrize("name", NESTED)
@pytest.mark.parametrize("what", ["fit", "predict", "evaluate", "predict_again"])
def test_the_message_names_layer_index_position_and_range(name, what):
    net = network(NESTED[name]())
    net.fit(X, Y, batch_size=16, verbose=0)
    if what == "predict_again":
        net.predict(X)
    call = {
        "fit": lambda: net.fit(bad(), Y, batch_size=16, verbose=0),
        "predict": lambda: net.predict(bad()),
        "predict_again": lambda: net.predict(bad()),
        "evaluate": lambda: net.evaluate(bad(), Y),
    }[what]
    rule = r"layer '.*' \(Embedding\): 12 at \[.*\] is not a valid index; with vocabulary_size=10"
    with pytest.raises(DataError, match=rule + " indices go from 0 to 9"):
        call()


def test_the_message_names_the_block_of_a_later_sample():
    net = network(NESTED["second layer"]())
    net.fit(X, Y, batch_size=16, verbose=0)
    far = np.tile(X, (20, 1))
    far[1500, 0] = -1
    with pytest.raises(DataError, match=r"-1 at \[476, 0\] .* \(counted from sample 1024\)"):
        net.predict(far)


def test_a_custom_layer_is_named():
    class Beyond(nn.Layer):
        def build(self, input_shape):
            self.table = self.parameter("table", (4, 2))

        def forward(self, x):
            return get_item(self.table.value, x[:, 0].astype(np.int64))

    net = cr.Network([Beyond(), nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "sgd")
    net.fit(X, Y, batch_size=16, verbose=0)
    message = r"layer 'beyond' .* index 7 is out of bounds for axis 0 of length 4"
    with pytest.raises(ShapeError, match=message):
        net.predict(np.full((2, 3), 7.0))

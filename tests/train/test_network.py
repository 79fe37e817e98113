"""Laws of building networks, of their parameters and summary."""

import tracemalloc

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError, DataError, DTypeError, ShapeError
from chainrule.train.network import Network
from tests.train.classifier import X

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.errors.ChainruleWarning")


def test_layers_are_named_by_kind_and_number():
    net = Network([nn.Dense(2), nn.Dense(2, name="dense_2"), nn.Dropout(0.1), nn.Dense(2)])
    net.add(nn.Dense(1))
    assert [each.name for each in net.layers] == [
        "dense",
        "dense_2",
        "dropout",
        "dense_1",
        "dense_3",
    ]


def test_sizes_are_inferred_from_the_first_data_and_then_fixed():
    net = Network([nn.Dense(4), nn.Dense(2)])
    assert len(net.params) == 0
    assert net(X).shape == (30, 2)
    assert net.params["dense.weight"].shape == (3, 4)
    with pytest.raises(ShapeError, match=r"\(30, 2\)"):
        net.predict(X[:, :2])


def test_a_layer_added_later_is_built_when_next_used():
    net = Network([nn.Dense(4)])
    first = net.predict(X)
    weight = net.params["dense.weight"].copy()
    net.add(nn.Activation("relu"))
    assert np.array_equal(net.predict(X), np.maximum(first, 0))
    assert np.array_equal(net.params["dense.weight"], weight)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([nn.Dense], "class of layers"),
        ([np.tanh], "nn.Lambda"),
        ([3], "not a layer"),
        (3, "list of layers"),
        (nn.Dense(2), "single layer"),
        ([nn.Dense(1, name="a"), nn.Dense(1, name="a")], "two layers are named 'a'"),
        ([nn.Dense(1)] * 2, "added twice"),
    ],
)
def test_objects_other_than_layers_are_refused(layers, message):
    with pytest.raises(ArgumentError, match=message):
        Network(layers)


@pytest.mark.parametrize(
    "arguments", [{"dtype": "float16"}, {"dtype": int}, {"seed": -1}, {"seed": 0.5}]
)
def test_a_bad_seed_or_dtype_is_refused(arguments):
    with pytest.raises(ArgumentError):
        Network([nn.Dense(1)], **arguments)


def test_a_misfit_between_layers_names_the_layer():
    net = Network([nn.Dense(4), nn.Reshape((3,)), nn.Dense(2)])
    with pytest.raises(ShapeError, match="reshape"):
        net(X)


def test_a_network_traces_nodes_and_can_be_differentiated():
    net = Network([nn.Dense(4, activation="tanh"), nn.Dense(1)], dtype="float64")
    net(X)
    cr.check_grads(lambda x: np.sum(net(x) ** 2), (X[:4],))


# ------------------------------------------------------------------------------------- compile


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "mes"}, "mse"),
        ({"loss": "mse", "optimizer": "adma"}, "adam"),
        ({"loss": "mse", "optimizer": "lbfgs", "lr": 0.1}, "learning_rate"),
        ({"loss": "mse", "optimizer": optim.SGD(0.1), "lr": 0.2}, "learning_rate"),
        ({"loss": "mse", "optimizer": "sgd", "lr": -1}, "learning_rate"),
        ({"loss": "mse", "metrics": ["acc"]}, "accuracy"),
        ({"loss": "mse", "metrics": ["mae", "mae"]}, "twice"),
        ({"loss": "mse", "optimiser": "sgd"}, "optimizer"),
        ({"loss": "mse", "run_eagerly": True}, "value_and_grad"),
    ],
)  # fmt: skip
def test_an_unknown_argument_of_compile_is_refused_with_a_suggestion(arguments, message):
    net = Network([nn.Dense(1)])
    with pytest.raises(ArgumentError, match=message):
        net.compile(**arguments)
    with pytest.raises(ArgumentError, match=r"net\.compile"):
        net.evaluate(X, X[:, :1])


def test_lr_is_learning_rate():
    histories = []
    for name in ("lr", "learning_rate"):
        net = Network([nn.Dense(1)])
        net.compile("mse", "sgd", **{name: 0.3})
        histories.append(net.fit(X, X[:, :1], verbose=0))
    assert histories[0]["loss"] == histories[1]["loss"]
    assert histories[0]["learning_rate"] == pytest.approx([0.3])


# ------------------------------------------------------------------------------------- showing


def test_the_summary_counts_parameters(capsys):
    net = Network([nn.Dense(4, activation="relu"), nn.Dropout(0.5), nn.Dense(2)])
    net.summary()
    assert "not built" in capsys.readouterr().out
    net(X)
    net.compile("mse")
    net.summary()
    output = capsys.readouterr().out
    assert "(batch, 4)" in output
    assert "26 parameters" in output
    assert "relu" in output
    assert output.endswith("loss mse, Adam(learning_rate=0.001)\n")


def test_params_are_live_and_writable():
    net = Network([nn.Dense(2)])
    net(X)
    net.params["dense.bias"][:] = 5
    net.params["dense.weight"] = np.zeros((3, 2))
    assert (net.predict(X) == 5).all()
    net.params["dense.bias"] += 1
    assert (net.predict(X) == 6).all()


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (np.ones(2), ShapeError),
        (1.0, ShapeError),
        (np.full((3, 2), np.nan), DataError),
        (np.ones((3, 2)) * 1j, DTypeError),
        (np.full((3, 2), "a"), DTypeError),
    ],
)
def test_unsuitable_values_of_a_parameter_are_refused(value, error):
    net = Network([nn.Dense(2)])
    net(X)
    before = net.params["dense.weight"].copy()
    with pytest.raises(error, match=r"dense\.weight"):
        net.params["dense.weight"] = value
    assert np.array_equal(net.params["dense.weight"], before)
    with pytest.raises(KeyError, match=r"did you mean 'dense\.weight'"):
        net.params["dense.weights"]
    with pytest.raises(TypeError, match="cannot be deleted"):
        del net.params["dense.weight"]


def test_large_inputs_are_never_copied_as_a_whole():
    images = np.random.default_rng(0).integers(0, 255, (60_000, 784), np.uint8)
    labels = np.arange(60_000) % 10
    net = Network([nn.Rescale(1 / 255), nn.Dense(4), nn.Dense(10)])
    net.compile("cross_entropy")
    tracemalloc.start()
    try:
        net.fit(images, labels, batch_size=64, validation_split=0.5, verbose=0)
        net.predict_class(images)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < images.nbytes


def test_settings_beyond_the_dtype_are_taken_by_a_wider_one():
    for layer, optimizer in (
        (lambda: nn.Rescale(1e39), lambda: optim.SGD(0.1)),
        (lambda: nn.Dense(1, l2=1e39), lambda: optim.SGD(0.1)),
        (lambda: nn.Dense(1), lambda: optim.SGD(0.1, clip_norm=1e39)),
        (lambda: nn.Dense(1), lambda: optim.Adam(1e-50)),
    ):
        with pytest.raises(ArgumentError, match="float32"):
            Network([layer()]).compile("mse", optimizer())
        Network([layer()], dtype="float64").compile("mse", optimizer())


def test_a_network_in_training_mode_is_called_layer_by_layer():
    net, x = Network([nn.Dense(3), nn.Dropout(0.5)]), X
    with pytest.raises(ArgumentError, match=r"layer\(x, training=True, random=nn.RandomStream"):
        net(X, training=True)
    for layer in net.layers:
        x = layer(x, training=True, random=nn.RandomStream(0))
    assert 0.2 < np.mean(np.asarray(x) == 0) < 0.8


def test_the_error_of_a_metric_of_ones_own_names_it_and_its_arguments():
    def right(y_true, y_pred):
        return np.mean(y_true[:, None] == np.ones((len(y_pred), 2)) @ np.ones((3, 1)))

    net = Network([nn.Dense(3)])
    net.compile("cross_entropy", metrics=[right])
    with pytest.raises(ValueError, match="matmul") as caught:
        net.fit(X, np.arange(len(X)) % 3, verbose=0)
    (note,) = caught.value.__notes__
    assert f"metric right, called with y_true of shape ({len(X)},)" in note


def test_a_network_tells_its_parts_before_and_after_it_is_built():
    net = Network([nn.Dense(3, activation="relu"), nn.Dense(2)])
    assert (net.input_shape, net.output_shape, net.loss, net.optimizer, net.metrics) == (
        None, None, None, None, (),
    )  # fmt: skip
    assert (len(net), list(net), dict(net.params)) == (2, list(net.layers), {})
    assert repr(net) == "<network: dense → dense_1>"
    with pytest.raises(ArgumentError, match="not built yet"):
        net.count_params()
    net.compile("cross_entropy", "sgd", learning_rate=0.5, metrics=["accuracy", "f1"])
    net.fit(np.eye(4), [0, 1, 0, 1], verbose=0)
    assert (net.input_shape, net.output_shape) == ((None, 4), (None, 2))
    assert (net.loss.name, [each.name for each in net.metrics]) == (
        "cross_entropy", ["accuracy", "f1"],
    )  # fmt: skip
    assert repr(net.metrics) == "(<metric accuracy>, <metric f1>)"
    assert net.optimizer == optim.SGD(0.5)
    assert net.count_params() == sum(each.size for each in net.params.values()) == 23
    assert (net[:1].output_shape, len(net[1:]), net[-1]) == ((None, 3), 1, net.layers[1])
    assert repr(net) == (
        "<network: 4 → dense 3 → dense_1 2, 23 parameters, loss cross_entropy, "
        "SGD(learning_rate=0.5)>"
    )
    for name in ("metrics", "loss", "params", "layers"):
        with pytest.raises(AttributeError, match=f"{name} cannot be assigned"):
            setattr(net, name, None)

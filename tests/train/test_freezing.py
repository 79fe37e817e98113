"""Laws of frozen layers: training leaves their weights alone, at less cost, and unfreezes them."""

import copy
import json
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, safe_open, save_file

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError, FormatError, TraceError
from chainrule.train.files.checksum import checksum
from chainrule.train.network import model_of

RNG = np.random.default_rng(0)
X, SERIES = RNG.normal(size=(48, 4)), RNG.normal(size=(48, 3, 4))
Y = X[:, :1] ** 2


class Block(nn.Layer):
    """A layer with sublayers, one of which exists only once it is built."""

    def __init__(self, units: int, trainable: bool = True) -> None:
        self.first = nn.Dense(units, activation="tanh")
        self.trainable = trainable

    def build(self, input_shape: nn.Layer | Any) -> None:
        self.inner = {"last": [nn.Dense(3), nn.BatchNorm()]}
        self.gain = self.parameter("gain", (), "ones")

    def forward(self, x: Any) -> Any:
        y = self.first(x)
        for layer in self.inner["last"]:
            y = layer(y)
        return y * self.gain


class Manual(nn.Layer):
    """A layer with a manual backward."""

    def build(self, input_shape: Any) -> None:
        self.weight = self.parameter("weight", (input_shape[-1], 3))

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.weight

    def backward(self, dy: Any) -> Any:
        self.weight.grad = self.x.T @ dy
        return dy @ self.weight.T


def network(*layers: nn.Layer, optimizer: Any = "adam", built: bool = True) -> cr.Network:
    net = cr.Network([*(layers or (nn.Dense(3, activation="tanh"),)), nn.Dense(1)], seed=0)
    net.compile("mse", optimizer, learning_rate=None if not isinstance(optimizer, str) else 0.05)
    if built:
        net(X[:1])
    return net


def moved(net: cr.Network, X: Any = X, **options: Any) -> set[str]:
    """The parameters that two epochs have changed."""
    net(X[:1])
    before = {name: each.copy() for name, each in net.params.items()}
    net.fit(X, Y, **({"epochs": 2, "batch_size": 16, "verbose": 0} | options))
    return {name for name, each in net.params.items() if not np.array_equal(each, before[name])}


HEAD = {"dense_1.weight", "dense_1.bias"}


@pytest.mark.parametrize(
    "optimizer",
    [optim.SGD(0.1, momentum=0.9), optim.AdamW(0.01, weight_decay=0.1), "adagrad", "rmsprop",
     "nadam", "lion", "adadelta", optim.Adam(0.1, clip_norm=1.0)],
)  # fmt: skip
def test_no_optimiser_moves_frozen_weights(optimizer: Any) -> None:
    net = network(nn.Dense(3, l2=0.1), optimizer=optimizer)
    assert moved(net) == {*net.params}
    net.layers[0].trainable = False
    assert moved(net) == HEAD
    net.layers[0].trainable = True
    assert moved(net) == {*net.params}


FREEZERS: dict[str, Callable[[cr.Network], Any]] = {
    "a layer": lambda net: setattr(net.layers[0], "trainable", False),
    "all, then the last": lambda net: (setattr(net, "trainable", False),
                                       setattr(net.layers[-1], "trainable", True)),
    "each parameter": lambda net: [
        setattr(each, "trainable", False) for each in net.layers[0].parameters().values()],
}  # fmt: skip


@pytest.mark.parametrize("freeze", FREEZERS.values(), ids=FREEZERS.keys())
def test_a_layer_may_be_frozen_before_and_after_it_is_built(freeze: Any) -> None:
    for built in (True, False):
        net = network(built=built)
        freeze(net)
        if built or net.layers[0].trainable is False:
            assert moved(net) == HEAD


def wrappers() -> Iterator[tuple[nn.Layer, Any]]:
    yield Block(5), X
    yield Manual(), X
    yield nn.Residual([nn.Dense(4), Manual(), nn.Dense(4)]), X
    yield nn.Concatenate([nn.Dense(2), [nn.Dense(2), nn.BatchNorm()]]), X
    yield nn.TimeDistributed(nn.Dense(2)), SERIES
    yield nn.Bidirectional(nn.LSTM(2, return_sequences=True)), SERIES
    yield nn.MultiHeadAttention(2, 3), SERIES


def test_freezing_reaches_all_sublayers_and_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    for built in (True, False):
        for layer, inputs in wrappers():
            net = cr.Network([layer, nn.Flatten(), nn.Dense(1, name="head")], seed=0)
            net.compile("mse", "adam")
            if built:
                net(inputs[:1])
            layer.trainable = False
            assert moved(net, inputs) == {"head.weight", "head.bias"}, layer
            layer.trainable = True
            state = {n for n, each in model_of(net).stack.parameters().items() if each.is_state}
            assert moved(net, inputs) | state == {*net.params}, layer


def test_trainable_is_a_constructor_argument() -> None:
    for layer in (nn.Dense(3, trainable=False), Block(3, trainable=False),
                  nn.Residual(nn.Dense(4), trainable=False)):  # fmt: skip
        assert moved(network(layer, built=False)) <= {"dense.weight", "dense.bias", *HEAD}
    assert repr(nn.Dense(3)).endswith("name=None)")
    assert nn.Dense(3, trainable=False).config()["trainable"] is False
    assert "trainable" not in nn.Dense(3).config()
    again = nn.from_config("bidirectional", nn.Bidirectional(nn.GRU(2, trainable=False)).config())
    assert not any(each.trainable for _, each in again._sublayers())


class Adapter(nn.Dense):
    """A layer of the library that holds another one; its constructor comes last."""

    def __init__(self, base: nn.Layer) -> None:
        self.base = base
        super().__init__(3)

    def forward(self, x: Any) -> Any:
        return super().forward(self.base(x))

    def build(self, input_shape: Any) -> None:
        super().build((None, self.base.units))


class FrozenDense(nn.Dense):
    """A layer that is frozen by its class."""

    trainable = False


class SelfFreezing(nn.Layer):
    """A layer that freezes itself too late."""

    def forward(self, x: Any) -> Any:
        self.trainable = False
        return x


def test_constructors_leave_flags_as_they_are() -> None:
    net = network(Adapter(nn.Dense(2, trainable=False)), built=False)
    assert moved(net) == {"adapter.weight", "adapter.bias", *(n for n in net.params if "dense" in n
                                                              and "base" not in n)}  # fmt: skip
    net = network(FrozenDense(3), built=False)
    assert not any("frozen" in name for name in moved(net))
    with pytest.raises(ArgumentError, match="set it in __init__"):
        network(SelfFreezing(), nn.Dense(2))


def test_copies_keep_what_is_frozen() -> None:
    net = network(nn.Dense(3), nn.Dense(2))
    net.fit(X, Y, verbose=0)
    net.layers[0].trainable = False
    net.layers[1].bias.trainable = False
    for again in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert moved(again) == {"dense_1.weight", "dense_2.weight", "dense_2.bias"}
    assert not copy.copy(net.layers[0]).trainable


def test_a_single_bias_may_be_frozen_and_unfrozen() -> None:
    net = network()
    net.layers[0].bias.trainable = False
    assert moved(net) == {"dense.weight", *HEAD}
    net.layers[0].trainable = False
    net.layers[0].bias.trainable = True
    assert moved(net) == {"dense.bias", *HEAD}
    net.layers[0].trainable = True
    assert moved(net) == {*net.params}


def test_what_is_not_true_or_false_is_refused() -> None:
    net = network()
    for owner in (net, net.layers[0], net.layers[0].weight):
        for value in (0, None, "no", np.ones(2)):
            with pytest.raises(ArgumentError, match="must be True or False"):
                owner.trainable = value
        owner.trainable = np.bool_(True)
    with pytest.raises(ArgumentError, match=r"Dropout: .* layer\.trainable = False"):
        nn.Dropout(0.5, trainable=False)  # pyright: ignore[reportCallIssue]
    with pytest.raises(ArgumentError, match="here it is `trainable`"):
        nn.Dense(3, requires_grad=False)  # pyright: ignore[reportCallIssue]


def test_a_network_that_is_frozen_as_a_whole_is_not_trained() -> None:
    net = network()
    net.trainable = False
    assert not net.trainable
    with pytest.raises(ArgumentError, match="all weights are frozen") as error:
        moved(net)
    assert "net.trainable = True" in str(error.value)
    net.trainable = True
    assert moved(net) == {*net.params}


def test_a_frozen_batch_norm_infers_and_keeps_its_statistics() -> None:
    net = network(nn.BatchNorm())
    moved(net)
    net.layers[0].trainable = False
    trained = net.layers[0](X, random=nn.RandomStream(seed=0))
    np.testing.assert_array_equal(trained, net.layers[0](X))
    assert moved(net, batch_size=1) == {"dense.weight", "dense.bias"}


def test_freezing_a_batch_norm_counts_where_its_weights_are_frozen_already() -> None:
    """The trained parameters are the same, so this is another program with the same inputs."""
    net = network(nn.Dense(3), nn.BatchNorm())
    net.layers[1].gain.trainable = net.layers[1].bias.trainable = False
    state = {"batch_norm.mean", "batch_norm.variance"}
    assert state <= moved(net)
    net.layers[1].trainable = False
    assert not state & moved(net)


class Clipped(nn.Layer):
    """A layer whose forward assigns to its weight."""

    def build(self, input_shape: Any) -> None:
        self.weight = self.parameter("weight", (input_shape[-1], 3))

    def train_forward(self, x: Any, random: Any) -> Any:
        self.weight.value = np.clip(self.weight.value, -0.1, 0.1)
        return self.forward(x)

    def forward(self, x: Any) -> Any:
        return x @ self.weight


def test_only_state_is_assigned_by_forward() -> None:
    """The update of the optimiser would replace what is assigned to anything else."""
    net, other = network(nn.BatchNorm()), network(Clipped())
    net.layers[0].mean.trainable = True
    for each, name in ((net, "mean"), (other, "weight")):
        with pytest.raises(TraceError, match=f"{name}.* would be lost.* trainable=False"):
            moved(each)
    net.layers[0].mean.trainable = other.layers[0].weight.trainable = False
    assert {"batch_norm.mean", "clipped.weight"} <= moved(net) | moved(other)


def test_a_frozen_dropout_still_drops() -> None:
    net = network(nn.Dropout(0.5))
    net.layers[0].trainable = False
    assert (net.layers[0](np.ones((5, 5)), random=nn.RandomStream(seed=0)) == 0).any()


def test_the_penalty_leaves_frozen_weights_out() -> None:
    net = network(nn.Dense(3, l2=1.0))
    loss = net.evaluate(X, Y)["loss"]
    weight = net.params["dense.weight"].astype(float)
    net.layers[0].weight.trainable = False
    assert net.evaluate(X, Y)["loss"] == pytest.approx(loss - (weight**2).sum() / 2)
    net.layers[0].weight.trainable = True
    assert net.evaluate(X, Y)["loss"] == loss


def test_a_callback_may_unfreeze_layers_for_the_next_epoch() -> None:
    net = network()
    net.layers[0].trainable = False
    weights = []

    def unfreeze(net: cr.Network, epoch: int, logs: Any) -> None:
        weights.append(net.params["dense.weight"].copy())
        net.layers[0].trainable = epoch >= 2

    net.fit(X, Y, epochs=5, verbose=0, callbacks=unfreeze)
    assert [np.array_equal(weights[0], each) for each in weights] == [True] * 3 + [False] * 2


def test_slots_that_begin_late_count_their_own_steps() -> None:
    """Adam moves each weight by the learning rate in its first step, whenever that is."""
    net = network(optimizer="adam")
    net.layers[0].trainable = False
    net.fit(X, Y, epochs=20, verbose=0)
    before = net.params["dense.weight"].copy()
    net.layers[0].trainable = True
    net.fit(X, Y, batch_size=None, verbose=0)
    np.testing.assert_allclose(abs(net.params["dense.weight"] - before), 0.05, rtol=1e-3)


def test_freezing_for_a_while_keeps_the_slots() -> None:
    def trained(pause: bool) -> Any:
        net = network(optimizer=optim.Adam(0.05))
        net.fit(X, Y, epochs=3, verbose=0)
        if pause:
            net.layers[0].trainable = False
            head = {name: net.params[name].copy() for name in HEAD}
            net.fit(X, Y, epochs=4, verbose=0)
            net.params.update(head)
            net.layers[0].trainable = True
        net.fit(X, Y, batch_size=None, shuffle=False, verbose=0)
        return net.params["dense.weight"]

    np.testing.assert_allclose(trained(True), trained(False), rtol=1e-5)


def test_a_resumed_run_of_frozen_layers_has_the_bits_of_one_run() -> None:
    def trained(*epochs: int) -> dict[str, Any]:
        net = network(nn.Dense(3), nn.BatchNorm(), nn.Dropout(0.2))
        net.fit(X, Y, epochs=2, verbose=0)
        net.layers[0].trainable = False
        for count in epochs:
            net.fit(X, Y, epochs=count, verbose=0)
        net.layers[0].trainable = True
        for count in epochs:
            net.fit(X, Y, epochs=count, verbose=0)
        return dict(net.params)

    for one, other in zip(trained(4).values(), trained(1, 3).values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_files_keep_what_is_frozen(tmp_path: Any) -> None:
    net = network(nn.Residual([nn.Dense(4), nn.BatchNorm()]), nn.Dense(3), nn.BatchNorm())
    net.layers[0].layers[0].trainable = False
    net.layers[1].bias.trainable = False
    net.layers[2].mean.trainable = True
    path = tmp_path / "net.safetensors"
    net.save(path)
    again = cr.load(path)
    flags, expected = (
        {name: each.trainable for name, each in model_of(each).stack.parameters().items()}
        for each in (again, net)
    )
    assert flags == expected
    assert [each.trainable for each in again.layers[0].layers] == [False, True]
    again.layers[2].mean.trainable = False
    moving = moved(again)
    assert "dense.bias" not in moving
    assert "dense.weight" in moving
    for frozen in (
        {"layers": ["nothing"], "parameters": []},
        {"layers": [3], "parameters": []},
        {"layers": [], "parameters": ["dense.bias", "dense.bias"]},
        {"layers": []},
    ):
        with pytest.raises(FormatError, match="frozen"):
            cr.load(_altered(path, tmp_path / "altered.safetensors", frozen))
    net.trainable = True
    net.save(path)
    with safe_open(path, "numpy") as file:
        assert "frozen" not in json.loads(file.metadata()["chainrule"])


def _altered(path: Any, target: Any, frozen: Any) -> Any:
    with safe_open(path, "numpy") as file:
        description = json.loads(file.metadata()["chainrule"])
    tensors = load_file(path)
    description["frozen"] = frozen
    description["checksum"] = checksum(description, tensors)
    save_file(tensors, target, {"chainrule": json.dumps(description)})
    return target


def test_the_summary_counts_frozen_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    net = network(nn.Dense(3), nn.BatchNorm())
    net.layers[0].trainable = False
    net.summary()
    assert "31 parameters (0.1 KiB): 10 trainable, 21 non-trainable (15 of them frozen)" in (
        capsys.readouterr().out
    )

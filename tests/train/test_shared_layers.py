"""Laws of networks of networks, and of slices: layers that several networks share."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, nn
from chainrule.errors import ArgumentError, ChainruleWarning

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 4)).astype("float32")
Y = X[:, :1] ** 2


def base_network(**options: Any) -> cr.Network:
    layers = [nn.Dense(6, activation="relu"), nn.BatchNorm(), nn.Dense(3, activation="tanh")]
    return cr.Network(layers, **({"seed": 3} | options))


def trained(net: cr.Network, y: Any = Y, **options: Any) -> cr.Network:
    if net.loss is None:
        net.compile("mse", "adam", learning_rate=0.05)
    net.fit(X, y, **({"epochs": 2, "batch_size": 16, "verbose": 0} | options))
    return net


def copies(net: cr.Network) -> dict[str, Any]:
    return {name: each.copy() for name, each in net.params.items()}


def assert_equal(one: dict[str, Any], other: Any) -> None:
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name])


def test_the_layers_of_a_network_are_appended_and_shared() -> None:
    base = trained(base_network(), X[:, :3])
    net = cr.Network()
    net.add(base)
    net.add(nn.Dense(1))
    assert net.layers[:3] == base.layers
    assert repr(net) == "<network: dense → batch_norm → dense_1 → dense_2>"
    before = copies(base)
    base.trainable = False
    trained(net)
    assert_equal(before, base.params)
    np.testing.assert_array_equal(net[:3].predict(X), base.predict(X))
    base.trainable = True
    trained(net)
    assert not np.array_equal(before["dense.weight"], base.params["dense.weight"])
    assert_equal(copies(base), net.params)
    again = copies(net)
    trained(base, X[:, :3])
    assert not np.array_equal(again["dense.weight"], net.params["dense.weight"])
    np.testing.assert_array_equal(net[:3].predict(X), base.predict(X))


def test_training_two_networks_in_turn_equals_training_copies_that_are_kept_alike() -> None:
    def in_turn(make: Any) -> Any:
        base = base_network()
        nets = [make(base, 1), make(base, 2)]
        for _ in range(3):
            for net in nets:
                trained(net, epochs=1)
        return nets[1].params["dense.weight"]

    def shared(base: cr.Network, seed: int) -> cr.Network:
        return cr.Network([base, nn.Dense(1, initializer="ones")], seed=seed)

    def kept_alike() -> Any:
        nets = [cr.Network([base_network(), nn.Dense(1, initializer="ones")], seed=s)
                for s in (1, 2)]  # fmt: skip
        for _ in range(3):
            for net, other in (nets, nets[::-1]):
                trained(net, epochs=1)
                other(X[:1])
                other.params.update({n: v for n, v in copies(net).items() if "dense_2" not in n})
        return nets[0].params["dense.weight"]

    np.testing.assert_array_equal(in_turn(shared), kept_alike())


def test_layers_not_built_keep_the_seed_of_their_network() -> None:
    alone, net = base_network(), cr.Network([nn.Activation("tanh"), base_network()], seed=9)
    alone(X)
    net(X)
    assert_equal(copies(alone), net.params)


def test_numbers_in_names_are_changed_where_they_are_taken(tmp_path: Any) -> None:
    encoder, decoder = base_network(), cr.Network([nn.Dense(5), nn.Dense(4)], seed=1)
    decoder.compile("mse")
    decoder.fit(X[:, :3], X, verbose=0)
    net = trained(cr.Network([encoder, decoder, nn.Dense(4)]), X)
    assert repr(net) == (
        "<network: 4 → dense 6 → batch_norm 6 → dense_1 3 → dense_2 5 → dense_3 4 → dense_4 4, "
        "139 parameters, loss mse, Adam(learning_rate=0.05)>"
    )
    assert list(decoder.params) == ["dense.weight", "dense.bias", "dense_1.weight", "dense_1.bias"]
    assert net["dense_2"] is decoder["dense"]
    for each, inputs in ((net, X), (decoder, X[:, :3])):
        each.save(tmp_path / "net.safetensors")
        again = cr.load(tmp_path / "net.safetensors")
        assert list(again.params) == list(each.params)
        np.testing.assert_array_equal(again.predict(inputs), each.predict(inputs))
    assert repr(cr.Network([*encoder.layers, *decoder.layers])).endswith("dense_2 → dense_3>")


def test_names_given_by_the_user_are_not_changed() -> None:
    one, other = (cr.Network([nn.Dense(2, name="code"), nn.Dense(3)]) for _ in range(2))
    with pytest.raises(ArgumentError, match=r"'code'; .* layer\.name = 'another'"):
        cr.Network([one, other])
    other.layers[0].name = "another"
    assert "another" in cr.Network([one, other])


def test_what_cannot_be_shared_is_refused_before_anything_changes() -> None:
    base = base_network()
    base(X)
    cases = [
        (lambda net: net.add(net), "added twice"),
        (lambda net: net.add(base.layers[0]), "added twice"),
        (lambda net: net.add(cr.Network()), "no layers yet"),
        (lambda net: net.add(base_network(dtype="float64")), r"dtype='float64'"),
        (lambda net: net.add(cr.Network([data.Table(), nn.Dense(1)])), "must come first"),
    ]
    for add, message in cases:
        net = cr.Network([base])
        with pytest.raises(ArgumentError, match=message):
            add(net)
        assert net.layers == base.layers


def test_a_table_comes_along_with_what_it_has_learned() -> None:
    columns = {"a": [1.0, 2.0, 4.0, 9.0], "b": ["x", "y", "x", "y"]}
    base = cr.Network([data.Table(), nn.Dense(2, activation="tanh"), nn.Dense(1)])
    base.compile("mse")
    base.fit(columns, [[1.0], [2.0], [3.0], [4.0]], epochs=2, verbose=0)
    net = cr.Network([base[:1], nn.Dense(1)])
    assert net.table is not None
    assert net.table.is_fitted
    np.testing.assert_array_equal(net[:1].predict(columns), base[:1].predict(columns))
    assert base[1:].table is None


def test_slices_predict_at_once_and_share_the_layers() -> None:
    net = trained(cr.Network([base_network(), nn.Dense(1)], seed=5))
    for part, inputs in ((net[:2], X), (net[2:], net[:2].predict(X)), (net[-1:], net[:-1](X))):
        assert part.input_shape == (None, inputs.shape[1])
        assert part.output_shape == (None, part.predict(inputs).shape[1])
    np.testing.assert_array_equal(net[2:].predict(net[:2].predict(X)), net.predict(X))
    part = net[:3]
    trained(part, X[:, :3])
    assert_equal(copies(part), net.params)
    assert net[:2][1] is net[1] is net["batch_norm"]
    unbuilt = base_network()[:2]
    assert unbuilt.input_shape is None
    assert unbuilt.predict(X).shape == (48, 6)


def test_classes_stay_with_the_last_layer() -> None:
    net = cr.Network([nn.Dense(4, activation="tanh"), nn.Dense(2, activation="softmax")])
    net.compile("cross_entropy")
    net.fit(X, np.where(Y[:, 0] > 0.5, "far", "near"), verbose=0)
    assert net[1:].classes == ["far", "near"]
    assert net[:1].classes is None


def test_a_network_is_a_sequence_of_its_layers() -> None:
    net = base_network()
    assert len(net) == 3
    assert [*net] == list(net.layers)
    assert net[-1] in net
    assert "dense" in net
    assert "dense_7" not in net
    assert cr.Network(net).layers == net.layers
    for index, error, message in (
        (3, IndexError, "it has 3"), ("dens", KeyError, "did you mean 'dense'"),
        (1.5, ArgumentError, "number, a name or a slice"), (slice(None, None, 2), ArgumentError,
        "adjacent"), (slice(2, 1), ArgumentError, "at least one"),
    ):  # fmt: skip
        with pytest.raises(error, match=message):
            net[index]  # pyright: ignore[reportCallIssue, reportArgumentType]


def test_parameters_are_counted_once_the_network_is_built() -> None:
    net = base_network()
    assert net.input_shape is net.output_shape is None
    with pytest.raises(ArgumentError, match="not built yet"):
        net.count_params()
    net(X)
    assert net.count_params() == sum(each.size for each in net.params.values()) == 75
    assert (net.input_shape, net.output_shape) == ((None, 4), (None, 3))


def test_a_generator_learns_from_one_answer_of_a_frozen_discriminator() -> None:
    generator, discriminator = cr.Network([nn.Dense(2)], seed=1), cr.Network([nn.Dense(1)], seed=2)
    both = cr.Network([generator, discriminator])
    discriminator.trainable = False
    both.compile("binary_cross_entropy")
    before = both.predict(X)
    both.fit(X, np.ones(len(X)), verbose=0)  # without a warning
    assert not np.array_equal(before, both.predict(X))
    discriminator.trainable = True
    both.compile("binary_cross_entropy")
    with pytest.warns(ChainruleWarning, match=r"y is 1.0 for every sample"):
        both.fit(X, np.ones(len(X)), verbose=0)

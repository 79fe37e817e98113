"""Layers with a state predict after load what they predicted before, or save refuses them."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors import safe_open

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError
from chainrule.train.files.layer_attributes import describe_attributes
from tests.contracts.layer_samples import SAMPLES, inputs

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32") + 3
Y = X[:, :1]
MARK = np.float32(0.12345678)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.safetensors"


def make(forward, start=None, build=None, kind="Own", **members):
    """Return a layer of a new class."""

    def initialize(self, factor=2.0):
        self.factor = factor
        if start is not None:
            start(self)

    members = {"__init__": initialize, "forward": forward} | members
    return type(kind, (nn.Layer,), members | ({"build": build} if build else {}))


def sets(**values):
    def change(layer, *_):
        for name, value in values.items():
            setattr(layer, name, value() if callable(value) else value)

    return change


def times(self, x):
    return x * self.factor


def branch(self, x, training=False):
    if training:
        self.mean = np.mean(x, axis=0)
    return x - self.mean


Times = make(times, kind="Times")


class Deeper(nn.Layer):
    def __init__(self):
        self.inner = Times(2.0)
        self.blocks = [nn.Dense(3), {"drop": nn.Dropout(0.1)}]

    def forward(self, x):
        return self.blocks[1]["drop"](self.blocks[0](self.inner(x)))


def normal(*shape):
    return lambda: np.random.default_rng(1).normal(size=shape).astype("float32")


KEPT = {
    "an array made in build": (
        make(lambda s, x: x @ s.W, build=lambda s, shape: sets(W=normal(4, 3))(s)),
        None,
    ),
    "random arrays": (
        make(lambda s, x: x @ s.W, build=lambda s, shape: setattr(s, "W", np.random.randn(4, 3))),
        None,
    ),
    "arrays in a list": (
        make(
            lambda s, x: x @ s.W[0] + s.W[1],
            start=sets(W=lambda: [np.random.randn(4, 3), np.random.randn(3)]),
        ),
        None,
    ),
    "arrays in a dict": (
        make(lambda s, x: x @ s.W["a"], start=sets(W=lambda: {"a": np.random.randn(4, 3)})),
        None,
    ),
    "a nested container": (
        make(lambda s, x: x * s.c["k"][1][0], start=sets(c=lambda: {"k": (1, [2.0])})),
        lambda s: s.c.update(k=(0, [7.0])),
    ),
    "a changed number": (make(times), sets(factor=9.0)),
    "a number of NumPy": (make(times), sets(factor=np.float32(0.3))),
    "infinity": (make(lambda s, x: np.minimum(x, s.factor)), sets(factor=float("inf"))),
    "a flag": (make(lambda s, x: x * 2 if s.factor else x), sets(factor=False)),
    "None": (make(lambda s, x: x if s.factor is None else x * 2), sets(factor=None)),
    "a tuple": (
        make(lambda s, x: x * s.factor[1], start=sets(factor=(1, 2.0))),
        sets(factor=(1, 5.0)),
    ),
    "texts": (
        make(lambda s, x: x * len(s.words), start=sets(words=np.array(["a"]))),
        sets(words=lambda: np.array(["b", "cd", "e"])),
    ),
    "a dtype": (
        make(lambda s, x: x.astype(s.type).astype("float32"), start=sets(type=np.dtype("float32"))),
        sets(type=np.dtype("float16")),
    ),
    "statistics": (
        make(lambda s, x: x - s.mean, mean=np.zeros(4)),
        lambda s: setattr(s, "mean", X.mean(axis=0)),
    ),
    "statistics of a branch": (
        make(branch, mean=np.zeros(4)),
        lambda s: setattr(s, "mean", X.mean(axis=0)),
    ),
    "an integer array": (
        make(lambda s, x: x[:, s.order], start=sets(order=lambda: np.arange(4))),
        sets(order=lambda: np.array([3, 1, 0, 2])),
    ),
    "what is in a dict of its own": (
        make(lambda s, x: x * s.d.get("k", 1.0), start=sets(d=dict)),
        lambda s: s.d.update(k=4.0),
    ),
    "a sublayer's setting": (Deeper, lambda s: setattr(s.inner, "factor", 5.0)),
    "a library sublayer's setting": (Deeper, lambda s: setattr(s.blocks[1]["drop"], "rate", 0.5)),
    "dropout": (lambda: nn.Dropout(0.2), sets(rate=0.3)),
    "a penalty": (lambda: nn.Dense(3), sets(l2=0.25)),
    "a norm": (nn.BatchNorm, sets(momentum=0.6, epsilon=0.5)),
    "a scale": (lambda: nn.Rescale(2.0), sets(scale=0.5, offset=1)),
}


@pytest.mark.parametrize("case", KEPT)
def test_a_state_is_kept(case, path):
    kind, change = KEPT[case]
    net = cr.Network([kind(), nn.Dense(1)], seed=0)
    net.compile("mse", "adam")
    net.predict(X)
    if change is not None:
        change(net.layers[0])
    before, loss = net.predict(X), net.evaluate(X, Y)["loss"]
    net.save(path)
    other = cr.load(path, custom={"Own": kind, "Deeper": Deeper, "Times": Times})
    assert other.predict(X).tobytes() == before.tobytes()
    assert other.evaluate(X, Y)["loss"] == loss
    for name, each in vars(net.layers[0]).items():
        if isinstance(each, int | float | str | None):
            assert vars(other.layers[0])[name] == each, name
    other.save(again := path.with_name("again.safetensors"))
    assert again.read_bytes() == path.read_bytes()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "fit: .* plain attributes that are not trained")
        history = [each.fit(X, Y, epochs=2, verbose=0)["loss"] for each in (net, other)]
    assert history[0] == history[1] or "random" in case or "array" in case


def test_a_class_attribute_changed_since_is_kept(path):
    kind = make(lambda s, x: x * s.scale, scale=1.0)
    net = cr.Network([kind()])
    net.predict(X)
    kind.scale = 3.0
    before = net.predict(X)
    net.save(path)
    kind.scale = 1.0
    assert np.array_equal(cr.load(path, custom={"own": kind}).predict(X), before)


def cached(self, x):
    self.x = x
    return x * self.factor


def in_dict(self, x):
    self.cache["x"] = x
    return self.cache["x"] * self.factor


def in_list(self, x):
    self.seen.append(x)
    return self.seen[-1] * self.factor


def anew(self, x):
    self.seen = []
    self.seen.append(x)
    return self.seen[0] * self.factor


def in_training(self, x, training=False):
    if training:
        self.last = x
    return x * self.factor


def by_hand(self, dy):
    return dy * self.factor * (self.x == self.x)


INTERMEDIATE = {
    "an attribute": make(cached),
    "an attribute for backward": make(cached, backward=by_hand),
    "an attribute that is None first": make(cached, start=sets(x=None)),
    "an entry": make(in_dict, start=sets(cache=dict)),
    "an element": make(in_list, start=sets(seen=list)),
    "a list made anew": make(anew),
    "in training alone": make(in_training),
    "what no code reads": make(times),
}


@pytest.mark.parametrize("case", INTERMEDIATE)
def test_what_forward_keeps_of_its_inputs_is_not_written(case, path):
    kind = INTERMEDIATE[case]
    net = cr.Network([kind(), nn.Dense(1)], seed=0)
    net.compile("mse", "sgd")
    rows = X[:8].copy()
    rows[::2] = MARK
    net(rows)
    net.fit(rows, Y[:8], verbose=0)
    net(rows)
    layer = net.layers[0]
    if case in ("in training alone", "what no code reads"):
        layer.last = rows
    assert any(name in vars(layer) for name in ("x", "cache", "seen", "last"))
    net.save(path)
    assert MARK.tobytes() not in path.read_bytes()
    assert b"0.1234" not in path.read_bytes()
    with safe_open(path, "numpy") as file:
        assert "attributes" not in file.metadata()["chainrule"]
    assert np.array_equal(cr.load(path, custom={"own": kind}).predict(X), net.predict(X))


NO_DATA = {
    "a function": (
        make(lambda s, x: s.f(x), start=sets(f=lambda: np.tanh)),
        lambda n: sets(f=lambda: lambda x: x)(n.layers[0]),
    ),
    "an object": (
        make(lambda s, x: x * s.box.k, start=sets(box=lambda: SimpleNamespace(k=1.0))),
        lambda n: setattr(n.layers[0].box, "k", 2.0),
    ),
    "an array of objects": (
        make(lambda s, x: x * float(s.a[0]), start=sets(a=lambda: np.array([1.0]))),
        lambda n: sets(a=lambda: np.array([2.0], object))(n.layers[0]),
    ),
    "complex numbers": (
        make(lambda s, x: x * s.factor.real),
        lambda n: sets(factor=2j + 1)(n.layers[0]),
    ),
    "a layer added later": (Deeper, lambda n: n.layers[0].blocks.append(nn.Dense(2))),
}


@pytest.mark.parametrize("case", NO_DATA)
def test_what_is_no_data_is_in_the_program_of_a_layer(case, path):
    kind, change = NO_DATA[case]
    net = cr.Network([kind(), nn.Dense(1)], seed=0)
    net.predict(X)
    change(net)
    net.save(path)
    # Even with its class, which would make it as it was before.
    assert np.array_equal(cr.load(path, custom={"own": kind}).predict(X), net.predict(X))


def test_what_is_no_data_is_refused_by_name_in_a_layer_of_the_library(path):
    net = cr.Network([nn.Dense(3), nn.Dense(1)], seed=0)
    net.predict(X)
    net.save(path)
    content = path.read_bytes()
    vars(net.layers[0]).update(activate=np.tanh)
    with pytest.raises(ArgumentError, match=r"^save: layer '.*' \(.*'.*'"):
        net.save(path)
    assert path.read_bytes() == content


def test_a_weight_of_two_layers_is_refused(path):
    net = cr.Network([nn.Dense(4), nn.Dense(4)])
    net.predict(X)
    vars(net.layers[1])["weight"] = net.layers[0].weight
    with pytest.raises(ArgumentError, match="'weight' is the parameter of another layer"):
        net.save(path)


HARMLESS = {
    "a function made by the constructor": make(
        lambda s, x: s.f(x), start=lambda s: setattr(s, "f", lambda x: x * s.factor)
    ),
    "an object made by the constructor": make(
        lambda s, x: x * s.box.k, start=sets(box=lambda: SimpleNamespace(k=1.0, f=np.tanh))
    ),
    "an object made in build": make(
        lambda s, x: x * s.box.k,
        build=lambda s, shape: setattr(s, "box", SimpleNamespace(k=shape[-1])),
    ),
    "a function of the library": lambda: nn.Dense(
        3, nn.ACTIVATIONS["relu"], initializer=nn.INITIALIZERS["he_normal"]
    ),
    "a random generator": make(times, start=sets(rng=lambda: np.random.default_rng(0))),
}


def test_what_the_constructor_makes_again_is_left_out(path):
    for case, kind in HARMLESS.items():
        net = cr.Network([kind(), nn.Dense(1)])
        before = net.predict(X)
        np.random.seed(3)
        net.save(path)
        with safe_open(path, "numpy") as file:
            assert "attributes" not in file.metadata()["chainrule"], case
        drawn = np.random.rand()
        np.random.seed(3)
        assert drawn == np.random.rand(), case
        assert np.array_equal(cr.load(path, custom={"own": kind}).predict(X), before), case


def test_a_trained_layer_of_the_library_has_no_state_but_its_parameters():
    for sample in SAMPLES:
        layer = sample.make()
        layer.name = "layer"
        x = inputs(sample, "float32")
        layer(x)
        layer(x, random=nn.RandomStream(seed=0))
        assert describe_attributes([layer], x.dtype) == ({}, {}), layer


def test_layers_of_equal_arguments_are_compared_each_with_its_own_settings():
    layers = [nn.Dropout(0.25, name=name) for name in "abc"]
    net = cr.Network([*layers, nn.Dense(1)])
    net.predict(X)
    for rate in (0.5, 0.75):
        vars(layers[1])["rate"] = rate  # unknown to its arguments
        layers[2].rate = rate
        attributes, _ = describe_attributes(net.layers, np.dtype("float32"))
        assert attributes == {"b": {"rate": rate}}

"""Attributes of a network: those that it has work, others are answered with what to write."""

import copy
import dataclasses

import numpy as np
import pytest

import chainrule
from chainrule import nn, optim
from chainrule.errors import ArgumentError
from chainrule.train.callbacks import Callback
from chainrule.train.network import Network

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(32, 2))


def network(optimizer="sgd"):
    net = Network([nn.Dense(1)], seed=0)
    net.compile("mse", optimizer, learning_rate=0.1)
    return net


def test_names_of_other_libraries_are_answered_with_ours():
    net = network()
    for name, ours in {
        "predict_classes": "net.predict_class",
        "predict_on_batch": "net.predict",
        "state_dict": "net.params",
        "get_weights": "net.params",
        "trainable_weights": "net.params",
        "coefs_": "net.params",
        "parameters": "net.params",
        "score": "net.evaluate",
        "train_on_batch": "net.fit",
        "histroy": "net.history",
        "train": "fit trains, everything else infers",
        "eval": "fit trains, everything else infers",
        "load_state_dict": "net.params.update",
        "lr": "net.optimizer.learning_rate",
        "zero_grad": "leave it out",
    }.items():
        with pytest.raises(AttributeError, match=f"Network has no attribute '{name}'.*{ours}"):
            getattr(net, name)
        assert not hasattr(net, name)


def test_an_assignment_without_effect_is_refused():
    net = network()
    for name, remedy in {
        "stop_training": "return True",
        "learning_rate": "schedule",
        "lr": "net.optimizer",
        "loss": "net.compile",
        "metrics": "net.compile",
        "params": "net.params.update",
        "layers": "net.add",
        "training": "fit trains",
        "optimiser": "net.optimizer",
        "scaler": "a variable of your own",
    }.items():
        with pytest.raises(AttributeError, match=f"{name} cannot be assigned.*{remedy}"):
            setattr(net, name, 1)


def test_a_subclass_has_attributes_of_its_own_but_none_that_fit_would_ignore():
    class Classifier(Network):
        def __init__(self, seed):
            super().__init__([nn.Dense(1)], seed=seed)
            self.seed = seed

    net = Classifier(3)
    net.threshold = 0.5
    assert (net.seed, net.threshold) == (3, 0.5)
    with pytest.raises(AttributeError, match="return True"):
        net.stop_training = True


def test_another_optimizer_continues_the_training():
    plain, changed = network(optim.SGD), network(optim.SGD)
    plain.compile("mse", optim.SGD(0.1, momentum=0.5))
    changed.compile("mse", optim.SGD(0.1, momentum=0.5))
    for net in (plain, changed):
        net.fit(X, X[:, :1], epochs=2, verbose=0)
    changed.optimizer = dataclasses.replace(changed.optimizer, learning_rate=0.01)
    assert changed.fit(X, X[:, :1], verbose=0)["learning_rate"] == [pytest.approx(0.01)]
    assert changed.optimizer == optim.SGD(0.01, momentum=0.5)
    plain.fit(X, X[:, :1], verbose=0)
    assert not np.array_equal(plain.params["dense.weight"], changed.params["dense.weight"])
    changed.optimizer = "adam"
    assert isinstance(changed.optimizer, optim.Adam)
    changed.fit(X, X[:, :1], verbose=0)


def test_a_callback_changes_the_learning_rate_of_the_next_epoch_and_nothing_else():
    class Halve(Callback):
        def on_epoch_start(self, net, epoch):
            rate = net.optimizer.learning_rate
            net.optimizer = dataclasses.replace(net.optimizer, learning_rate=rate / 2)

    scheduled = network(optim.SGD)
    scheduled.compile("mse", "sgd", learning_rate=optim.exponential(0.05, factor=0.5, epochs=1))
    net = network()
    rates = net.fit(X, X[:, :1], epochs=3, callbacks=[Halve()], verbose=0)["learning_rate"]
    assert rates == pytest.approx([0.05, 0.025, 0.0125])
    scheduled.fit(X, X[:, :1], epochs=3, verbose=0)
    assert np.array_equal(net.params["dense.weight"], scheduled.params["dense.weight"])

    def momentum(net, epoch, logs):
        net.optimizer = dataclasses.replace(net.optimizer, momentum=0.5)

    with pytest.raises(ArgumentError, match="only its learning rate can be changed"):
        net.fit(X, X[:, :1], epochs=2, callbacks=momentum, verbose=0)


def test_assignment_to_an_optimizer_names_what_to_write():
    net = network()
    with pytest.raises(dataclasses.FrozenInstanceError, match="cosine"):
        net.optimizer.learning_rate = 0.01
    with pytest.raises(dataclasses.FrozenInstanceError, match="replace"):
        optim.cosine(0.1, epochs=2).final = 0.5
    for name, words in {
        "lr": r"lr cannot be assigned.*replace\(net.optimizer, learning_rate=0.5\)",
        "momentum": r"replace\(net.optimizer, momentum=0.5\)",
        "weight_decay": "SGD has no setting 'weight_decay'.*learning_rate",
        "momentun": "did you mean 'momentum'",
    }.items():
        with pytest.raises(dataclasses.FrozenInstanceError, match=words):
            setattr(net.optimizer, name, 0.5)
    assert dataclasses.replace(net.optimizer, learning_rate=0.5).learning_rate == 0.5
    assert copy.deepcopy(net.optimizer) == net.optimizer


def test_optimizers_and_callbacks_answer_names_of_other_libraries():
    for owner, names in (
        (network().optimizer, {
            "lr": "net.optimizer.learning_rate", "param_groups": "replace", "step": "by hand",
            "zero_grad": "leave it out", "momentu": "net.optimizer.momentum",
        }),
        (Callback(), {
            "model": "its argument net", "params": "net.params", "validation_data": "__init__",
        }),
    ):  # fmt: skip
        for name, ours in names.items():
            with pytest.raises(AttributeError, match=f"no attribute '{name}'.*{ours}"):
                getattr(owner, name)
            assert not hasattr(copy.deepcopy(owner), name)


def test_before_compile_there_is_no_optimizer():
    net = Network([nn.Dense(1)])
    assert net.optimizer is net.loss is None
    with pytest.raises(ArgumentError, match="call net"):
        net.optimizer = "adam"


def test_a_history_answers_how_other_libraries_read_theirs():
    history = network().fit(X, X[:, :1], verbose=0)
    assert history.history["loss"] == history["loss"]
    messages = {"loss": r"history\['loss'\]", "epoch": "history.epochs", "keyz": "history.keys"}
    for name, message in messages.items():
        with pytest.raises(AttributeError, match=message):
            getattr(history, name)
    assert copy.deepcopy(history) == history


def test_callbacks_of_other_libraries_are_answered_with_what_works_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, ours in {
        "ModelCheckpoint": r"chainrule\.Checkpoint",
        "ReduceLROnPlateau": r"chainrule\.ReduceOnPlateau",
        "LearningRateScheduler": r"chainrule\.LearningRateSchedule",
        "CSVLogger": r"chainrule\.CSVLog",
        "TerminateOnNaN": "stops by itself",
    }.items():
        with pytest.raises(AttributeError, match=ours):
            getattr(chainrule, name)
    net = network()
    net.compile("mse", "sgd", learning_rate=optim.reduce_on_plateau(0.1))
    history = net.fit(
        X, X[:, :1], epochs=2, verbose=0,
        callbacks=lambda net, epoch, logs: net.save("model.safetensors"),
    )  # fmt: skip
    assert np.array_equal(chainrule.load("model.safetensors").predict(X), net.predict(X))
    assert dict(history)["loss"] == history["loss"]

"""What users of Keras and skorch do with callbacks and histories, done with ours."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError, MissingKeyError
from chainrule.train.history import History

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(48, 3)).astype("float32")
Y = X[:, :1] ** 2


@pytest.fixture(autouse=True)
def interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")


def network(optimizer: Any = None, seed: int = 0) -> cr.Network:
    net = cr.Network([nn.Dense(4, activation="tanh"), nn.Dense(1)], seed=seed)
    net.compile("mse", optimizer or optim.SGD(0.1))
    return net


def fit(net: cr.Network, callbacks: Any = None, **options: Any) -> Any:
    settings: dict[str, Any] = {
        "epochs": 6,
        "batch_size": 16,
        "verbose": 0,
        "validation_split": 0.25,
    }
    return net.fit(X, Y, callbacks=callbacks, **(settings | options))


def weights(net: Any) -> Any:
    return net.params["dense.weight"].copy()


def test_a_score_of_ones_own_on_the_validation_data_stops_and_restores() -> None:
    def closeness(y: Any, p: Any) -> Any:
        return np.mean(np.exp(-np.abs(y - p)))

    net = network()
    net.compile("mse", optim.SGD(3.0), metrics=[closeness])
    stopper = cr.EarlyStopping("val_closeness", patience=2, mode="max", min_delta=1e-4)
    history = fit(net, stopper, epochs=30)
    assert history.epochs < 30
    best = history["val_closeness"][stopper.best_epoch]
    assert best == stopper.best >= max(history["val_closeness"]) - 1e-4
    np.testing.assert_allclose(net.evaluate(X[36:], Y[36:])["closeness"], best, rtol=1e-5)


def test_metrics_of_batches_are_averaged_over_the_samples() -> None:
    net, losses = network(), []
    step = cr.LambdaCallback(on_step_end=lambda net, step, logs: losses.append(logs["loss"]))
    history = fit(net, step, epochs=1, validation_split=0.0, batch_size=20)
    np.testing.assert_allclose(np.dot(losses, [20, 20, 8]) / 48, history["loss"][0], rtol=1e-6)


def test_a_schedule_with_warm_restarts_sets_the_rate_of_each_epoch() -> None:
    def restarts(epoch: int) -> float:
        return 0.05 + 0.05 * math.cos(math.pi * (epoch % 3) / 3)

    history = fit(network(), cr.LearningRateSchedule(restarts))
    assert history["learning_rate"] == pytest.approx([restarts(k) for k in range(6)])


def test_a_rate_of_each_step_is_a_schedule_of_the_optimiser() -> None:
    history = fit(network(optim.SGD(optim.cosine(0.1, epochs=6))))
    assert history["learning_rate"] == sorted(history["learning_rate"], reverse=True)


def test_layers_are_frozen_and_unfrozen_at_an_epoch() -> None:
    net, seen = network(), []

    class Unfreezer(cr.Callback):
        def on_fit_start(self, net: Any) -> None:
            net["dense"].trainable = False

        def on_epoch_start(self, net: Any, epoch: int) -> None:
            if epoch == 3:
                net["dense"].trainable = True

        def on_epoch_end(self, net: Any, epoch: int, logs: Any) -> None:
            seen.append(weights(net))

    net(X)
    first = weights(net)
    fit(net, Unfreezer())
    assert [np.array_equal(first, each) for each in seen] == [True] * 3 + [False] * 3


def test_parameters_are_mapped_before_the_first_step_and_after_each_epoch() -> None:
    net = network()

    class Bounded(cr.Callback):
        def on_fit_start(self, net: Any) -> None:
            net.params["dense.weight"] = np.ones((3, 4))

        def on_epoch_end(self, net: Any, epoch: int, logs: Any) -> None:
            np.clip(net.params["dense.weight"], -0.9, 0.9, out=net.params["dense.weight"])

    fit(net, Bounded())
    assert 0.5 < weights(net).max() <= 0.9


def test_callbacks_run_in_their_order_and_one_after_another_has_added_to_the_logs() -> None:
    class Ratio(cr.Callback):
        def on_epoch_end(self, net: Any, epoch: int, logs: Any) -> None:
            logs["ratio"] = logs["val_loss"] / logs["loss"]

    seen: list[float] = []
    history = fit(network(), [Ratio(), lambda net, epoch, logs: seen.append(logs["ratio"])])
    assert history["ratio"] == seen


def test_the_best_epoch_is_kept_and_a_later_fit_goes_on_from_the_last(tmp_path: Path) -> None:
    net = network(optim.SGD(0.5))
    history = fit(net, cr.Checkpoint(tmp_path / "run", best="val_loss"), epochs=8)
    best: Any = cr.load(tmp_path / "run" / "best.safetensors")
    loss = best.evaluate(X[36:], Y[36:])["loss"]
    np.testing.assert_allclose(loss, min(history["val_loss"]), rtol=1e-5)
    again = fit(network(optim.SGD(0.5)), cr.Checkpoint(tmp_path / "run", best="val_loss"), epochs=8)
    assert again["loss"] == history["loss"]


def test_gradients_are_clipped_by_their_norm() -> None:
    net = network(optim.SGD(1.0, clip_norm=1e-3))
    net(X)
    before = net.params.copy()
    net.fit(X, 100 * Y, epochs=1, batch_size=None, verbose=0)
    moved = sum(np.sum((net.params[name] - before[name]) ** 2) for name in before)
    np.testing.assert_allclose(math.sqrt(moved), 1e-3, rtol=1e-3)


def test_a_network_that_is_fitted_again_goes_on_and_a_new_one_begins_anew() -> None:
    net = network()
    first, second = fit(net), fit(net)
    assert second["loss"][0] < first["loss"][0]
    assert fit(network())["loss"] == first["loss"]


def test_on_fit_end_is_called_when_a_callback_stops() -> None:
    ended: list[int] = []
    callbacks = [
        lambda net, epoch, logs: epoch == 1,
        cr.LambdaCallback(on_fit_end=lambda net: ended.append(net.history.epochs)),
    ]
    fit(network(), callbacks)
    assert ended == [2]


def test_a_history_is_columns_with_the_best_epoch_of_each() -> None:
    history = fit(network())
    assert list(history) == ["loss", "val_loss", "learning_rate", "seconds"]
    assert history["loss"][-1] == next(iter(history.values()))[-1]
    assert history["loss"][2:4] == history["loss"][2:4:1]
    best = history["loss"].index(min(history["loss"])) + 1
    assert f"(epoch {best})" in repr(history)
    assert json.loads(json.dumps(history)) == dict(history)
    assert all(each > 0 for each in history["seconds"])
    rows = [dict(zip(history, row, strict=True)) for row in zip(*history.values(), strict=True)]
    assert rows[-1]["loss"] == history["loss"][-1]


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        (-1, r"write history\['loss'\]\[-1\]; it has loss"),
        ((-1, "val_loss"), r"write history\['val_loss'\]\[-1\];"),
        (slice(None), r"write history\['loss'\];"),
        (slice(2, None), r"write history\['loss'\]\[2:\];"),
        (slice(None, None, 2), r"write history\['loss'\]\[::2\];"),
        ((slice(-3, None), ("loss", "val_loss")), r"write history\['loss'\]\[-3:\];"),
        ("train_loss", r"has no 'train_loss'; here it is 'loss'; it has"),
        ("valid_loss", r"here it is 'val_loss'"),
        ("loss_best", r"min\(history\['loss'\]\)"),
        ("val_acc", r"here it is 'val_accuracy'"),
        ("dur", r"here it is 'seconds'"),
        ("event_lr", r"here it is 'learning_rate'"),
        ("batches", r"on_step_end"),
        ("nonsense", r"has no 'nonsense'; it has loss, "),
    ],
)
def test_items_of_other_histories_are_answered(key: Any, answer: str) -> None:
    history = History()
    row = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")
    history.append(dict.fromkeys(row, 0.5))
    with pytest.raises(MissingKeyError, match=answer):
        history[key]


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("on_train_begin", "here it is 'on_fit_start'"),
        ("on_train_batch_end", "here it is 'on_step_end'"),
        ("on_train_batch_begin", "on_step_end of the step before"),
        ("on_test_begin", "validation follows the steps of an epoch: use on_epoch_end"),
        ("on_predict_end", "a prediction calls no callbacks"),
        ("on_grad_computed", "a step is one native program"),
        ("set_model", "is given the network, as its argument net"),
        ("set_params", "is given the network, as its argument net"),
    ],
)
def test_methods_that_other_libraries_call_are_answered(method: str, answer: str) -> None:
    own = type("Own", (cr.Callback,), {method: lambda self, *others: None})()
    with pytest.raises(ArgumentError, match=f"{method}, which is never called; .*{answer}"):
        fit(network(), own)


@pytest.mark.parametrize(
    ("argument", "answer"),
    [
        ({"load_best": True}, "here it is `restore_best`"),
        ({"threshold": 0.1}, "here it is `min_delta`"),
        ({"threshold_mode": "rel"}, "min_delta is a difference"),
        ({"lower_is_better": False}, "mode='min' or mode='max'"),
        ({"restore_best_weights": True}, "here it is `restore_best`"),
    ],
)
def test_arguments_of_early_stopping_are_answered(argument: Any, answer: str) -> None:
    with pytest.raises(ArgumentError, match=answer):
        cr.EarlyStopping(**argument)


@pytest.mark.parametrize(
    ("argument", "answer"),
    [
        ({"filepath": "x"}, "here it is `folder`"),
        ({"save_freq": 3}, "here it is `every`"),
        ({"save_best_only": True}, "give best='val_loss'"),
        ({"monitor": "valid_loss_best"}, r"Checkpoint\(folder, best='val_loss'\)"),
        ({"f_optimizer": "x"}, "a checkpoint has all"),
    ],
)
def test_arguments_of_checkpoints_are_answered(argument: Any, answer: str) -> None:
    with pytest.raises(ArgumentError, match=answer):
        cr.Checkpoint("run", **argument)

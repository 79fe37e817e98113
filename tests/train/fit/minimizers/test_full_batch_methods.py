"""Laws of ``fit`` with full-batch methods, which hold for L-BFGS and Levenberg-Marquardt."""

import copy
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from scipy import optimize

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError, DataError

ANGLE = np.linspace(0, np.pi, 60)
X = np.linspace(-2, 2, 40)[:, None]
Y = np.sin(2 * X) + 0.05 * np.random.default_rng(0).normal(size=X.shape)


def moons() -> tuple[Any, Any]:
    upper = np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)
    lower = np.stack([1 - np.cos(ANGLE), 0.5 - np.sin(ANGLE)], axis=1)
    points = np.concatenate([upper, lower])
    points += np.random.default_rng(0).normal(scale=0.2, size=points.shape)
    return points, np.repeat([0, 1], 60)


def regressor(optimizer: Any, *layers: Any, dtype: str = "float64", **settings: Any) -> Any:
    first = nn.Dense(5, activation="tanh", l2=1e-4)
    net = cr.Network([first, *layers, nn.Dense(1, l2=1e-4)], seed=1, dtype=dtype)
    net.compile(**({"loss": "mse", "optimizer": optimizer} | settings))
    return net


def vector(net: Any) -> Any:
    return np.concatenate([each.ravel() for each in net.params.values()])


@pytest.mark.parametrize("optimizer", ["lbfgs", "lm"])
def test_iterations_are_the_same_in_one_call_in_several_and_with_callbacks(optimizer):
    net = regressor(optimizer)
    history = net.fit(X, Y, epochs=9, verbose=0)
    parts, watched, losses = regressor(optimizer), regressor(optimizer), []
    for epochs in (1, 2, 6):
        losses += parts.fit(X, Y, epochs=epochs, verbose=0)["loss"]

    def note(net: Any, epoch: int, logs: Any) -> None:
        assert net.evaluate(X, Y)["loss"] == pytest.approx(logs["loss"], rel=1e-12)

    seen = watched.fit(X, Y, epochs=9, verbose=0, callbacks=note, validation_data=(X, Y))
    assert history["loss"] == losses == seen["loss"]
    assert seen["val_loss"] == pytest.approx(seen["loss"], rel=1e-12)
    np.testing.assert_array_equal(vector(net), vector(parts))
    np.testing.assert_array_equal(vector(net), vector(watched))
    assert set(history) == {"loss", "seconds"}
    assert history.notes == ["not converged: no tolerance is met after 9 epochs"]


def test_minimizers_have_no_learning_rate_and_say_what_they_have():
    for optimizer, settings in (
        (optim.LBFGS(), "memory, gtol, ftol, max_line_steps"),
        (optim.SciPyMinimizer("cg"), "method, tol, options"),
    ):
        net = regressor(optimizer)
        assert not hasattr(net.optimizer, "learning_rate")
        with pytest.raises(AttributeError, match=f"no learning rate: .* it has {settings}$"):
            _ = net.optimizer.learning_rate
        for name in ("learning_rate", "clip_norm"):
            with pytest.raises(ArgumentError, match=f"no argument `{name}`; there are {settings}"):
                replace(net.optimizer, **{name: 0.1})
        assert replace(net.optimizer) == net.optimizer
        assert [each.name for each in fields(net.optimizer)] == settings.split(", ")


def test_lbfgs_finds_the_minimum_that_scipy_finds_in_about_as_many_iterations():
    points, labels = moons()
    layers = [nn.Dense(3, activation="tanh", l2=1e-3), nn.Dense(2, l2=1e-3)]
    net = cr.Network(layers, seed=3, dtype="float64")
    net.compile(loss="cross_entropy", optimizer=optim.LBFGS(gtol=1e-7, ftol=1e-14))
    net.predict(points[:1])
    shapes = {name: each.shape for name, each in net.params.items()}
    start = vector(net)

    def unflatten(x: Any) -> dict[str, Any]:
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])[:-1]
        parts = zip(shapes.items(), np.split(x, ends), strict=True)
        return {name: part.reshape(shape) for (name, shape), part in parts}

    def loss(x: Any) -> Any:
        net.params.update(unflatten(x))
        gradients = net.gradients(points, labels)
        return net.evaluate(points, labels)["loss"], np.concatenate(
            [gradients[name].ravel() for name in shapes]
        )

    expected = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-7, "ftol": 1e-14}
    )
    net.params.update(unflatten(start))
    history = net.fit(points, labels, epochs=1000, verbose=0)
    assert history["loss"][-1] == pytest.approx(expected.fun, rel=1e-6)
    assert history.epochs < 1.5 * expected.nit + 10
    assert history.notes[-1].startswith("converged: ")
    assert net.fit(points, labels, epochs=5, verbose=0).epochs <= 2


def test_lbfgs_goes_on_where_the_loss_is_small():
    net = cr.Network([nn.Dense(10, activation="tanh"), nn.Dense(1)], seed=0, dtype="float64")
    net.compile(loss="mse", optimizer="lbfgs")
    grid = np.linspace(-1, 1, 100)[:, None]
    history = net.fit(grid, 0.01 * np.sin(3 * grid), epochs=100, verbose=0)
    assert history["loss"][-1] < 2e-7
    assert "gradient" in history.notes[-1]


def test_levenberg_marquardt_ends_at_a_minimum_after_fewer_iterations_than_lbfgs():
    weight = np.random.default_rng(1).uniform(0, 2, len(X))
    net = regressor("lm")
    history = net.fit(X, Y, epochs=200, verbose=0, sample_weight=weight)
    assert history.notes[-1].startswith("converged: ")
    assert net.evaluate(X, Y, sample_weight=weight)["loss"] == pytest.approx(history["loss"][-1])
    net.optimizer = optim.LBFGS(gtol=1e-9, ftol=1e-15)
    least = net.fit(X, Y, epochs=300, verbose=0, sample_weight=weight)["loss"][-1]
    assert history["loss"][-1] == pytest.approx(least, rel=1e-5)
    other = regressor(net.optimizer)
    slow = other.fit(X, Y, epochs=history.epochs, verbose=0, sample_weight=weight)["loss"][-1]
    assert history["loss"][-1] < slow


@pytest.mark.usefixtures("numpy_backend")
def test_the_jacobian_of_samples_one_by_one_is_that_of_all():
    rng = np.random.default_rng(0)
    images, words = rng.normal(size=(20, 6, 6, 1)), rng.integers(0, 9, (20, 5))
    tables = [
        (images, [nn.Conv2D(2, 3, activation="tanh"), nn.Flatten(), nn.Dense(2, l2=0.1)]),
        (words, [nn.Embedding(9, 2, mask_zero=True), nn.LSTM(3), nn.Dense(2)]),
        (images[:, 0, :, 0], [nn.Dense(3, activation="tanh"), nn.LayerNorm(), nn.Dense(2)]),
    ]
    for inputs, layers in tables:
        losses = []
        for others in ([], [nn.Lambda(lambda x: x)]):  # which might depend on other samples
            net = cr.Network([*(copy.deepcopy(each) for each in layers), *others], dtype="float64")
            net.compile(loss="mse", optimizer="lm")
            targets = np.cos(np.arange(40.0)).reshape(20, 2)
            losses.append(net.fit(inputs, targets, epochs=5, verbose=0)["loss"])
        np.testing.assert_allclose(losses[0], losses[1], rtol=1e-8)


@pytest.mark.usefixtures("numpy_backend")
def test_residuals_of_sums_and_of_masked_steps_are_those_of_the_loss():
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(12, 4, 2))
    steps[::3, 2:] = 0
    targets = rng.normal(size=(12, 4, 1))
    layers = [nn.Masking(0.0), nn.RNN(3, return_sequences=True), nn.Dense(1)]
    for loss in ("mse", "sse"):
        net = cr.Network(layers if loss == "mse" else [nn.Dense(1)], dtype="float64")
        net.compile(loss=loss, optimizer="lm")
        losses = net.fit(steps, targets, epochs=8, verbose=0)["loss"]
        assert losses == sorted(losses, reverse=True)
        assert net.evaluate(steps, targets)["loss"] == pytest.approx(losses[-1], rel=1e-12)


def test_frozen_layers_stay_and_unfrozen_ones_begin_with_an_empty_memory():
    net = regressor("lbfgs")
    net.fit(X, Y, epochs=3, verbose=0)
    net.layers[0].trainable = False
    before = net.params["dense.weight"].copy()
    frozen = net.fit(X, Y, epochs=50, verbose=0)
    np.testing.assert_array_equal(net.params["dense.weight"], before)
    net.layers[0].trainable = True
    assert net.fit(X, Y, epochs=50, verbose=0)["loss"][-1] < frozen["loss"][-1]


@pytest.mark.parametrize("optimizer", ["lbfgs", "bfgs"])
def test_callbacks_stop_restore_and_change_parameters(optimizer):
    held_out = (X + 0.05, np.sin(2 * X))
    stopping = cr.EarlyStopping("val_loss", patience=2)
    net = regressor(optimizer)
    history = net.fit(X, Y, epochs=300, verbose=0, validation_data=held_out, callbacks=[stopping])
    assert history.epochs < 300
    assert net.evaluate(*held_out)["loss"] == pytest.approx(min(history["val_loss"]))

    def halve(net: Any, epoch: int, logs: Any) -> bool:
        if epoch == 4:
            net.params["dense.weight"][...] *= 0.5
        return epoch == 9

    net = regressor(optimizer)
    history = net.fit(X, Y, epochs=50, verbose=0, callbacks=halve)
    losses = history["loss"]
    assert history.epochs == 10
    assert losses[5] > losses[4]
    assert losses[5:] == sorted(losses[5:], reverse=True)


def test_random_layers_draw_the_same_numbers_and_statistics_follow_the_iterations():
    for layer in (nn.Dropout(0.3), nn.BatchNorm()):
        net = regressor("lbfgs", layer)
        losses = net.fit(X, Y, epochs=40, verbose=0)["loss"]
        assert losses == sorted(losses, reverse=True)
        assert losses[-1] < 0.5 * losses[0]
    means = net.params["batch_norm.mean"]
    hidden = np.tanh(X @ net.params["dense.weight"] + net.params["dense.bias"])
    np.testing.assert_allclose(means, hidden.mean(axis=0), atol=0.2)


def test_a_loss_that_is_not_finite_at_the_start_is_explained():
    for optimizer in ("lbfgs", "cg"):
        net = regressor(optimizer, loss=lambda y, p: np.log(p - p)[:, 0])
        with pytest.raises(DataError, match="the loss became -inf at step 0 of epoch 0"):
            net.fit(X, Y, epochs=3, verbose=0)


def test_what_a_method_cannot_do_is_refused_with_a_remedy():
    with pytest.raises(ArgumentError, match="leave batch_size out, or give an optimizer for bat"):
        regressor("lbfgs").fit(X, Y, batch_size=32, verbose=0)
    regressor("lbfgs").fit(X, Y, batch_size=40, verbose=0)
    with pytest.raises(ArgumentError, match="'mse' or 'sse', or for any loss the optimizer 'lbfg"):
        regressor("lm", loss="mae")
    net = regressor("lbfgs")
    with pytest.raises(ArgumentError, match="return True from the callback to stop, and assign"):
        net.fit(X, Y, verbose=0, callbacks=lambda net, e, logs: setattr(net, "optimizer", "adam"))
    net.optimizer = "cg"
    net.fit(X, Y, verbose=0)
    with pytest.raises(ArgumentError, match="run in SciPy; net"):
        net.program()
    net.optimizer = "adam"
    assert "learning_rate" in net.fit(X, Y, verbose=0)
    net.optimizer = optim.LBFGS(memory=3)
    assert "learning_rate" not in net.fit(X, Y, verbose=0)


def test_a_matrix_of_gigabytes_is_refused():
    for optimizer, units, count, size in (
        ("bfgs", 8333, 10, "25,000 parameters by 25,000"),
        ("lm", 6250, 60000, "60,000 outputs by 18,751"),
    ):
        net = cr.Network([nn.Dense(units), nn.Dense(1)])
        net.compile(loss="mse", optimizer=optimizer)
        inputs = np.linspace(-1, 1, count)[:, None]
        with pytest.raises(ArgumentError, match=f"holds a matrix of {size}.*use 'lbfgs'"):
            net.fit(inputs, inputs, verbose=0)


def test_an_interrupt_keeps_the_last_iteration():
    def interrupt(net: Any, epoch: int, logs: Any) -> None:
        if epoch == 3:
            raise KeyboardInterrupt

    for optimizer in ("lbfgs", "lm", "bfgs"):
        net = regressor(optimizer)
        with pytest.raises(KeyboardInterrupt):
            net.fit(X, Y, epochs=9, verbose=0, callbacks=interrupt)
        assert net.history.epochs == 4
        assert net.evaluate(X, Y)["loss"] == pytest.approx(net.history["loss"][-1], rel=1e-12)


def test_a_file_holds_the_settings(tmp_path):
    for method in (optim.LBFGS(memory=7), optim.SciPyMinimizer("tnc", 1e-3, {"eta": 0.5})):
        net = regressor(method)
        net.fit(X, Y, epochs=3, verbose=0)
        net.save(tmp_path / "net.safetensors")
        loaded = cr.load(tmp_path / "net.safetensors")
        assert loaded.optimizer == method
        assert loaded.fit(X, Y, epochs=3, verbose=0)["loss"][-1] < net.history["loss"][-1]


@pytest.mark.parametrize("method", optim.MINIMIZERS)
def test_every_method_reduces_the_loss_or_says_why_not(method):
    net = regressor(method)
    history = net.fit(X, Y, epochs=8, verbose=0)
    begun = regressor(method)
    begun.predict(X)
    assert history["loss"][-1] < begun.evaluate(X, Y)["loss"] or "ended: " in history.notes[-1]
    assert net.evaluate(X, Y)["loss"] == pytest.approx(history["loss"][-1], rel=1e-12)

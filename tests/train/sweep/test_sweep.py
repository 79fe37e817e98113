"""Sweeps: settings, seeds and folds side by side, each network as if it were trained alone."""

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.train.sweep.settings import expand

X, y = cr.datasets.moons(60, noise=0.1, seed=0)


def build(units: int = 3, learning_rate: float = 0.05, l2: float = 0.0, seed: int = 0) -> Any:
    net = cr.Network([nn.Dense(units, activation="tanh", l2=l2), nn.Dense(2)], seed=seed)
    net.compile("cross_entropy", optim.Adam(learning_rate), metrics=["accuracy"])
    return net


def sweep(settings: Any, **arguments: Any) -> Any:
    given: dict[str, Any] = {"epochs": 6, "batch_size": 16, "verbose": 0, "threads": 2}
    return cr.sweep(build, settings, X, y, **given | arguments)


def test_each_network_has_the_bits_of_one_trained_alone() -> None:
    result = sweep({"units": [2, 3], "learning_rate": [0.05, 0.5]}, seeds=2, metric="val_accuracy")
    for row in (0, 3, 6):
        alone = build(result["units"][row], result["learning_rate"][row], seed=result["seed"][row])
        history = alone.fit(X, y, epochs=6, batch_size=16, validation_split=0.2, verbose=0)
        trained = result.network(row)
        assert {name: history[name][-1] for name in ("loss", "val_loss", "val_accuracy")} == {
            name: result[name][row] for name in ("loss", "val_loss", "val_accuracy")
        }
        for name, value in alone.params.items():
            assert np.array_equal(trained.params[name], value), name
    assert len(result["seed"]) == 8
    assert result["status"] == ["finished"] * 8


def test_the_best_network_is_of_the_setting_with_the_best_mean_over_seeds_and_folds() -> None:
    result = sweep({"units": [1, 8], "learning_rate": [0.1]}, seeds=[3, 5], folds=2)
    assert list(result)[:4] == ["units", "learning_rate", "seed", "fold"]
    losses = np.array(result["val_loss"]).reshape(2, 4)
    best = int(losses.mean(axis=1).argmin())
    assert result.best_setting == {"units": [1, 8][best], "learning_rate": 0.1}
    (mean, _), (error, _) = result.summary["val_loss"], result.summary["standard_error"]
    assert mean == pytest.approx(losses[best].mean())
    assert error == pytest.approx(losses[best].std(ddof=1) / math.sqrt(4))
    row = 4 * best + int(losses[best].argmin())
    assert result.best is result.network(row)
    assert result.dataframe().shape == (8, len(result))


def test_a_loss_that_is_not_finite_is_marked_and_ends_nothing() -> None:
    def squares(learning_rate: float) -> Any:
        net = cr.Network([nn.Dense(1)], seed=0)
        net.compile("mse", optim.SGD(learning_rate))
        return net

    targets = X[:, :1] * 1.5
    result = cr.sweep(squares, {"learning_rate": [1e12, 0.1]}, X, targets, epochs=8, verbose=0)
    assert result["status"] == ["diverged", "finished"]
    assert math.isnan(result["val_loss"][0])
    assert result.best_setting == {"learning_rate": 0.1}


def test_successive_halving_trains_ever_fewer_settings_for_ever_more_epochs() -> None:
    rates = [1e-6, 1e-5, 1e-4, 0.1]
    result = sweep({"learning_rate": rates}, halving=2, epochs=8)
    assert sorted(result["epochs"]) == [2, 2, 4, 8]
    assert result["status"][3] == "finished"
    assert result.best_setting == {"learning_rate": 0.1}
    alone = build(learning_rate=0.1)
    alone.fit(X, y, epochs=8, batch_size=16, validation_split=0.2, verbose=0)
    for name, value in alone.params.items():
        assert np.array_equal(result.best.params[name], value), name


def test_draws_depend_on_seed_and_number_alone() -> None:
    class Uniform:
        def rvs(self, random_state: np.random.Generator) -> Any:
            return random_state.uniform(1e-3, 1e-1)

    space = {"learning_rate": Uniform(), "l2": lambda random: 10 ** random.uniform(-4, -2),
             "units": [1, 2, 3]}  # fmt: skip
    some, more = expand(space, 3, 7), expand(space, 5, 7)
    assert some == more[:3]
    assert len({each["learning_rate"] for each in more}) == 5
    assert all(each["units"] in (1, 2, 3) and type(each["l2"]) is float for each in more)


def test_epochs_and_batch_size_are_settings_too() -> None:
    result = sweep([{"epochs": 2}, {"epochs": 4, "batch_size": 60}], validation_data=(X, y))
    assert result["epochs"] == [2, 4]
    assert result["batch_size"] == [None, 60]
    held_out = result.network(1).evaluate(X, y)
    assert held_out["loss"] == result["val_loss"][1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"settings": {"unit": [1]}}, "build has no parameter 'unit', .*did you mean 'units'"),
        ({"settings": {"seed": [1]}}, "'seed' is among the settings; give the seeds by seeds="),
        ({"settings": {"units": 3}}, r"settings\['units'\] is 3; it must be a list"),
        ({"settings": {"units": [0]}}, "sweep, with units=0, seed=0: Dense: units is 0"),
        ({"settings": {"l2": [0.1]}, "metric": "f1"}, "the fits report loss, accuracy"),
        ({"settings": {"l2": [0.1]}, "metric": "own"}, "does not know whether higher"),
        ({"settings": {"l2": [0.1]}, "folds": 3, "validation_split": 0.2}, "keep one of them"),
        ({"settings": {"l2": lambda random: 1.0}}, "say how many settings to draw"),
        ({"settings": {"epochs": [1, 2]}, "halving": 2}, "leave one of the two out"),
    ],
)
def test_mistakes_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(cr.errors.ArgumentError, match=message):
        sweep(**arguments)


def test_a_mistake_in_the_data_is_no_divergence() -> None:
    with pytest.raises(cr.errors.DataError, match="sweep, with units=2, seed=0: "):
        cr.sweep(build, {"units": [2]}, np.full_like(X, np.nan), y, verbose=0)


def test_a_folder_of_checkpoints_spares_what_is_finished(tmp_path: Any) -> None:
    first = sweep({"units": [2, 3]}, checkpoint=tmp_path)
    again = sweep({"units": [2, 3]}, checkpoint=tmp_path)
    assert dict(again) == dict(first)
    for name, value in first.best.params.items():
        assert np.array_equal(again.best.params[name], value)
    assert again.best.history == first.best.history

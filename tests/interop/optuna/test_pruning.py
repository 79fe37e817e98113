"""The pruning callback, in studies of Optuna."""

import numpy as np
import optuna
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError
from chainrule.interop.optuna import PruningCallback

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(40, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]])


def test_trials_that_do_worse_than_the_median_end_early() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    epochs: list[int] = []

    def objective(trial: optuna.Trial) -> float:
        net = cr.Network([nn.Dense(1)], seed=0)
        net.compile("mse", "sgd", learning_rate=trial.suggest_float("rate", 1e-5, 0.5, log=True))
        try:
            history = net.fit(
                X, Y, epochs=5, validation_split=0.5, callbacks=PruningCallback(trial), verbose=0
            )
        finally:
            epochs.append(net.history.epochs)
        return history["val_loss"][-1]

    pruner = optuna.pruners.MedianPruner(n_startup_trials=1, n_warmup_steps=1)
    study = optuna.create_study(pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=0))
    for rate in (0.1, 1e-5, 0.2):
        study.enqueue_trial({"rate": rate})
    study.optimize(objective, n_trials=3)
    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE", "PRUNED", "COMPLETE"]
    assert epochs == [5, 2, 5]
    assert list(study.trials[0].intermediate_values) == [0, 1, 2, 3, 4]


def test_a_study_of_the_other_direction_is_refused() -> None:
    trial = optuna.create_study(direction="maximize").ask()
    with pytest.raises(ArgumentError, match="create_study\\(direction='minimize'\\)"):
        PruningCallback(trial, "val_loss")
    assert repr(PruningCallback(trial, "val_accuracy")).startswith("PruningCallback")
    with pytest.raises(ArgumentError, match="trial"):
        PruningCallback(3)  # pyright: ignore[reportArgumentType]

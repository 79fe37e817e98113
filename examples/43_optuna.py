"""Optuna chooses hidden units and the learning rate, two trainings at a time, and ends poor ones.

Each trial is a call of `fit` in a thread of its own, which holds no lock: two use two cores. Trials
of one shape share their program. A trial that is worse than the median of the others is pruned.

Run it with ``python examples/43_optuna.py``. It prints::

    24 trials, of which some were pruned: True
    best validation accuracy above 0.95: True
    the network trained again is as accurate: True
"""

from typing import Any

import optuna

import chainrule as cr
from chainrule import data, datasets, nn
from chainrule.interop.optuna import PruningCallback

EPOCHS = 30
TRIALS = 24

X, y = datasets.moons(600, noise=0.15, seed=0)
(X_train, y_train), (X_valid, y_valid) = data.split(X, y, test_size=0.25, seed=0)


def train(units: int, rate: float, callbacks: Any = None) -> Any:
    """Train a network; return it with the accuracy of each epoch on the validation data."""
    net = cr.Network([nn.Dense(units, activation="tanh"), nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "adam", learning_rate=rate, metrics=["accuracy"])
    history = net.fit(
        X_train, y_train, epochs=EPOCHS, validation_data=(X_valid, y_valid),
        callbacks=callbacks, verbose=0,
    )  # fmt: skip
    return net, history["val_accuracy"]


def objective(trial: optuna.Trial) -> float:
    """Return what Optuna maximises."""
    units = trial.suggest_categorical("units", [4, 16, 64])
    rate = trial.suggest_float("rate", 1e-4, 1e-1, log=True)
    return train(units, rate, PruningCallback(trial, "val_accuracy"))[1][-1]


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=3)
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    study.optimize(objective, n_trials=TRIALS, n_jobs=2)
    states = [trial.state.name for trial in study.trials]
    print(f"{len(states)} trials, of which some were pruned: {'PRUNED' in states}")
    print(f"best validation accuracy above 0.95: {study.best_value > 0.95}")
    net, _ = train(**study.best_params)
    again = net.evaluate(X_valid, y_valid)["accuracy"]
    print(f"the network trained again is as accurate: {abs(again - study.best_value) < 1e-6}")


if __name__ == "__main__":
    main()

"""Targets of a single output: (n,) and (n, 1) are the same, and nothing is stretched to (n, n)."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

pytestmark = pytest.mark.usefixtures("numpy_backend")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 3))
AMOUNTS = X @ [1.0, -2.0, 0.5]
WEIGHTS = RANDOM.uniform(0.5, 2, 40)
LOSSES = {
    "mse": AMOUNTS, "mae": AMOUNTS, "huber": AMOUNTS, "log_cosh": AMOUNTS,
    "binary_cross_entropy": (AMOUNTS > 0).astype(int),
    "hinge": np.sign(AMOUNTS),
}  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES)
def test_a_row_of_targets_is_a_column_of_them(loss: str) -> None:
    y = LOSSES[loss]
    metrics = ["accuracy"] if loss in ("binary_cross_entropy", "hinge") else ["mae", "r2"]

    def run(targets: Any) -> tuple[Any, ...]:
        net = cr.Network([nn.Dense(4, activation="tanh"), nn.Dense(1)], seed=0)
        net.compile(loss=loss, optimizer="adam", metrics=metrics)
        history = net.fit(
            X, targets, epochs=2, verbose=0, sample_weight=WEIGHTS, validation_data=(X, targets)
        )
        names = ["loss", "val_loss", *metrics]
        return (
            [history[name] for name in names],
            dict(net.evaluate(X, targets)),
            net.predict(X).tolist(),
        )

    assert run(y) == run(y[:, None]) == run(y.tolist())

"""A loss or gradient that is not finite: the operation, its line and a remedy that works."""

import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import DataError

X = np.random.default_rng(0).integers(-3, 4, size=(32, 3)).astype(float)
Y = X.sum(axis=1, keepdims=True) * np.ones(2)


def fit(loss: Any, batch_size: int = 32, **options: Any) -> Any:
    """Fit sums by sums: a perfect fit from the start."""
    net = cr.Network([nn.Dense(2, initializer="ones")], seed=0)
    settings: dict[str, Any] = {"learning_rate": 1e-6, **options}
    net.compile(loss=loss, optimizer="sgd", **settings)
    return net.fit(X, Y, epochs=2, batch_size=batch_size, verbose=0)


def rmse(y: Any, p: Any) -> Any:
    return np.sqrt(np.mean((y - p) ** 2))


def distance(y: Any, p: Any) -> Any:
    return np.mean(np.sqrt(np.sum((y - p) ** 2, axis=1)))


def root(y: Any, p: Any) -> Any:
    return np.mean((y - p) ** 2) ** 0.5


def fractional(y: Any, p: Any) -> Any:
    return np.mean(np.abs(y - p) ** 0.3)


def logarithm(y: Any, p: Any) -> Any:
    return np.mean(np.where(y < 99, np.log(np.abs(y - p)), 0))


def quotient(y: Any, p: Any) -> Any:
    return np.mean(y - p) / np.mean((y - p) ** 2)


def direction(y: Any, p: Any) -> Any:
    return np.mean(np.arctan2(y[:, 0] - p[:, 0], y[:, 1] - p[:, 1]))


def overflow(y: Any, p: Any) -> Any:
    return np.mean(np.exp(p + 1000))


@pytest.mark.parametrize("batch_size", [32, 8, 20])
@pytest.mark.parametrize(
    ("loss", "event"),
    [
        (rmse, "derivative of a square root is infinite at 0"),
        (distance, "derivative of a square root is infinite at 0"),
        (root, "derivative of a square root is infinite at 0"),
        (fractional, r"derivative of x \*\* p is infinite at 0"),
        (logarithm, "logarithm has no value at 0"),
        (quotient, "quotient is not finite"),
        (direction, r"arctan2 has no derivative at \(0, 0\)"),
        (overflow, "exponential overflows at "),
    ],
)
def test_a_singularity_is_named_with_its_line(loss: Any, event: str, batch_size: int) -> None:
    with pytest.raises(DataError, match=event) as caught:
        fit(loss, batch_size)
    message = str(caught.value)
    assert f"line {loss.__code__.co_firstlineno + 1} of test_nonfinite.py, `return " in message
    assert "steps are too long" not in message


class Direction(nn.Layer):
    """Divides each sample by its norm."""

    def forward(self, x: Any) -> Any:
        return x / np.sum(x * x, axis=1, keepdims=True)


@pytest.mark.parametrize("batch_size", [32, 8, 20])
def test_a_singularity_of_a_layer_is_named_with_its_operands_and_its_sample(
    batch_size: int,
) -> None:
    data = np.random.default_rng(1).normal(size=(32, 3))
    data[21] = 0
    net = cr.Network([Direction(), nn.Dense(2)], seed=0)
    net.compile("mse", "sgd", learning_rate=1e-3)
    event = r"quotient is not finite at 0, 0 in line \d+ of test_nonfinite.py, `return x / .*`"
    with pytest.raises(DataError, match=event + r", in layer 'direction', of sample X\[21\]: "):
        net.fit(data, Y, epochs=2, batch_size=batch_size, verbose=0)


def test_an_overflow_of_a_recurrent_network_is_that_of_its_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    series = np.random.default_rng(0).normal(size=(32, 5, 2))
    net = cr.Network([nn.LSTM(3), nn.Dense(2)], seed=0)
    net.compile("mse", "sgd", learning_rate=1e6)
    with pytest.raises(DataError, match="steps are too long") as caught:
        net.fit(series, Y / 9, epochs=50, batch_size=8, verbose=0)
    first = (
        r"first (result|derivative) that is not finite is that of \w+( of [^,]+)?, in (the|layer)"
    )
    assert re.search(first, str(caught.value)), caught.value


def test_the_operands_of_an_overflow_and_its_sample_are_named() -> None:
    data = 0.01 * np.random.default_rng(0).normal(size=(32, 3))
    data[11] = 2  # the first to overflow
    net = cr.Network([nn.Dense(2)], seed=0)
    net.compile("mse", "sgd", learning_rate=30.0)
    with pytest.raises(DataError, match="steps are too long") as caught:
        net.fit(data, Y / 9, epochs=90, batch_size=32, verbose=0)
    first = r"that of multiply of \S+ and \S+, in the loss, of sample X\[11\]\."
    assert re.search(first, str(caught.value)), caught.value


def test_the_remedies_work() -> None:
    fit(lambda y, p: np.sqrt(np.mean((y - p) ** 2) + 1e-12))
    fit("mse")
    fit(lambda y, p: np.mean((np.abs(y - p) + 1e-12) ** 0.3))
    fit(lambda y, p: np.mean(np.log(np.maximum(np.abs(y - p), 1e-12))))
    fit(lambda y, p: np.mean(y - p) / (np.mean((y - p) ** 2) + 1e-12))


def test_norms_at_a_perfect_fit_train() -> None:
    fit(lambda y, p: np.linalg.norm(y - p))


def test_steps_that_are_too_long_are_named_as_that() -> None:
    net = cr.Network([nn.Dense(2)], seed=0)
    net.compile(loss="mse", optimizer="sgd", learning_rate=1e6)
    with pytest.raises(DataError, match=r"The steps are too long: use learning_rate=100000"):
        net.fit(X, X[:, :2], epochs=200, verbose=0)


@pytest.mark.parametrize("name", ["X", "y", "validation"])
def test_data_that_change_during_training_are_named_by_place(name: str) -> None:
    rng = np.random.default_rng(0)
    data = {
        "X": rng.normal(size=(40, 4)),
        "y": rng.normal(size=(40, 1)),
        "validation": rng.normal(size=(20, 4)),
    }
    place = {"X": (17, 3), "y": (17, 0), "validation": (7, 2)}[name]

    def spoil(net: Any, epoch: int, logs: Any) -> None:
        if epoch == 1:
            data[name][place] = np.nan

    net = cr.Network([nn.Dense(1)], dtype="float64")
    net.compile("mse", "sgd")
    shown = f"{'X' if name == 'validation' else name}[{', '.join(map(str, place))}] is nan"
    with pytest.raises(DataError, match=re.escape(shown)) as raised:
        net.fit(
            data["X"],
            data["y"],
            validation_data=(data["validation"], data["y"][:20]),
            epochs=4,
            batch_size=8,
            callbacks=spoil,
            verbose=0,
        )
    assert "changed since" in str(raised.value)
    assert "learning_rate" not in str(raised.value)
    assert all(np.isfinite(each).all() for each in net.params.values())

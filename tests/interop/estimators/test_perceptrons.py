"""Multilayer perceptrons: the numbers of scikit-learn, and what is added to them."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn import neural_network
from sklearn.datasets import load_iris

from chainrule import sklearn as ours

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("numpy_backend"),
]

iris: Any = load_iris()
X, y = iris.data, iris.target
NUMBERS = X[:, :2] @ [1.0, 0.5] + X[:, 2] ** 2
COUNTS = np.round(X[:, 3] * 5)

SETTINGS: list[tuple[str, Any, dict[str, Any]]] = [
    ("MLPClassifier", y, {"hidden_layer_sizes": (8, 5), "activation": "tanh"}),
    ("MLPClassifier", y == 1, {"activation": "logistic", "solver": "sgd", "batch_size": 40}),
    ("MLPClassifier", y, {"early_stopping": True, "learning_rate_init": 0.02}),
    ("MLPClassifier", y, {"solver": "sgd", "learning_rate": "invscaling", "shuffle": False}),
    ("MLPClassifier", np.eye(3, dtype=int)[y], {"solver": "lbfgs", "alpha": 0.1}),
    ("MLPRegressor", NUMBERS, {"solver": "sgd", "learning_rate": "adaptive", "momentum": 0.5}),
    ("MLPRegressor", np.c_[NUMBERS, COUNTS], {"nesterovs_momentum": False, "solver": "sgd"}),
    ("MLPRegressor", NUMBERS, {"solver": "lbfgs", "activation": "identity"}),
]


@pytest.mark.parametrize(("name", "target", "settings"), SETTINGS)
def test_the_parameters_are_those_of_scikit_learn(name: str, target: Any, settings: Any) -> None:
    arguments = {"hidden_layer_sizes": 6, "max_iter": 25, "random_state": 3} | settings
    theirs = getattr(neural_network, name)(**arguments).fit(X, target)
    mine = getattr(ours, name)(**arguments).fit(X, target)
    for name in ("coefs_", "intercepts_"):
        for expected, found in zip(getattr(theirs, name), getattr(mine, name), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
    assert mine.n_iter_ == theirs.n_iter_
    assert mine.loss_ == pytest.approx(theirs.loss_)
    np.testing.assert_allclose(mine.predict(X), theirs.predict(X))

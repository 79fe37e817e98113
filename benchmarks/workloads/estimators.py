"""scikit-learn's perceptron against the one with its interface: fits and a grid search.

Both are given the same arrays, arguments and `random_state`, and so reach the same parameters up to
rounding, which a test asserts; the table compares nothing but time. The first fit, which compiles,
is not timed. The grid has 24 settings that share one form, each fitted to three folds.
"""

# pyright: basic

import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session

__all__ = ["BENCHMARKS"]

GRID = {
    "alpha": [1e-5, 1e-4, 1e-3, 1e-2],
    "learning_rate_init": [1e-3, 3e-3, 1e-2],
    "beta_1": [0.8, 0.9],
}
CONTESTANTS = ("sklearn", "chainrule")

Task = Callable[[type[Any]], Any]


def digits() -> tuple[Any, Any]:
    """Return 1,797 images of digits, (1797, 64), in [0, 1]."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X / 16, y


def table() -> tuple[Any, Any]:
    """Return 10,000 rows of 20 numbers, of three classes."""
    from sklearn.datasets import make_classification

    return make_classification(10_000, 20, n_informative=10, n_classes=3, random_state=0)


def fit(load: Callable[[], tuple[Any, Any]], epochs: int, kind: type[Any]) -> Callable[[], Any]:
    """Prepare a fit by Adam with scikit-learn's defaults: 100 units, batches of 200."""
    X, y = load()
    return lambda: kind(max_iter=epochs, tol=0, random_state=0).fit(X, y)


def search(kind: type[Any]) -> Callable[[], Any]:
    """Prepare a grid search of 24 settings on digits, 15 epochs each."""
    from sklearn.model_selection import GridSearchCV

    X, y = digits()
    model = kind((50,), max_iter=15, random_state=0)
    return lambda: GridSearchCV(model, GRID, cv=3).fit(X, y)


def start(prepare: Task, contestant: str, _scratch: Path) -> Session:
    """Build the contestant and run once, so that compilation is not timed."""
    if contestant == "sklearn":
        from sklearn.neural_network import MLPClassifier as Perceptron
    else:
        from chainrule.sklearn import MLPClassifier as Perceptron
    train = prepare(Perceptron)
    repetition(train)
    return Session(partial(repetition, train), "")


def repetition(train: Callable[[], Any]) -> Figure:
    """Time one call."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # that it has not converged
        begin = time.perf_counter()
        train()
        return Figure(time.perf_counter() - begin)


def benchmark(name: str, title: str, prepare: Task) -> Benchmark:
    """Return the row of a task."""
    return Benchmark(
        name=name,
        title=title,
        quantity=Quantity("ms", 1e3),
        contestants=CONTESTANTS,
        start=partial(start, prepare),
    )


BENCHMARKS = (
    benchmark(
        "perceptron-digits",
        "MLPClassifier on digits, 40 epochs of 1,797 rows",
        partial(fit, digits, 40),
    ),
    benchmark(
        "perceptron-table",
        "MLPClassifier on a table, 20 epochs of 10,000 rows",
        partial(fit, table, 20),
    ),
    benchmark("perceptron-grid", "GridSearchCV of 24 settings on digits, 3 folds", search),
)

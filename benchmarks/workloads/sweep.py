"""Many fits: networks 2-16-2 with other seeds, 300 epochs of all 200 points each, on two threads.

A fit of scikit-learn takes long, so that it makes a twentieth as many: each row is the time of one
fit, of all fits together divided by their number. Both use Adam, ReLU and the same L2 penalty.
"""

# pyright: basic, reportMissingImports=false, reportArgumentType=false
# (an optional rival: absent where the checks run)

import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.workload import Dataset
from benchmarks.workloads.w2_moons import POINTS, load

__all__ = ["BENCHMARKS", "BUILDERS"]

EPOCHS, HIDDEN, THREADS = 300, 16, 2
FITS = 400
ALPHA = 1e-4

Train = Callable[[int], None]
"""Trains a number of networks."""


def fit_sklearn(data: Dataset, seed: int) -> None:
    """Train one classifier, in a process of joblib's."""
    from sklearn.neural_network import MLPClassifier

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        MLPClassifier(
            (HIDDEN,), alpha=ALPHA, batch_size=POINTS, max_iter=EPOCHS, tol=0.0,
            n_iter_no_change=EPOCHS, random_state=seed,
        ).fit(data.x, data.y)  # fmt: skip


def with_sklearn(data: Dataset) -> Train:
    """Prepare fits by joblib with ``n_jobs=2``."""
    from joblib import Parallel, delayed

    parallel, fit = Parallel(THREADS), delayed(fit_sklearn)

    def train(fits: int) -> None:
        parallel(fit(data, seed) for seed in range(fits))

    return train


def with_chainrule(data: Dataset) -> Train:
    """Prepare `chainrule.sweep` over seeds."""
    import chainrule as cr

    def build(seed: int) -> cr.Network:
        l2 = ALPHA / POINTS
        layers = [cr.nn.Dense(HIDDEN, activation="relu", l2=l2), cr.nn.Dense(2, l2=l2)]
        net = cr.Network(layers, seed=seed)
        net.compile(loss="cross_entropy", optimizer=cr.optim.Adam(1e-3))
        return net

    def train(fits: int) -> None:
        cr.sweep(
            build, [{}], data.x, data.y, seeds=fits, epochs=EPOCHS, batch_size=None,
            metric="loss", threads=THREADS, verbose=0,
        )  # fmt: skip

    return train


BUILDERS = {"sklearn": with_sklearn, "chainrule": with_chainrule}


def start(contestant: str, _scratch: Path) -> Session:
    """Build the contestant and train a few networks, so that compilation is not timed."""
    data = load()
    train = BUILDERS[contestant](data)
    train(4)
    fits = FITS if contestant == "chainrule" else FITS // 20
    return Session(partial(repetition, train, fits), data.name)


def repetition(train: Train, fits: int) -> Figure:
    """Time some fits."""
    begin = time.perf_counter()
    train(fits)
    return Figure((time.perf_counter() - begin) / fits)


BENCHMARKS = (
    Benchmark(
        name="sweep",
        title="Many fits of 2-16-2 ReLU, 300 epochs of 200 points, two at a time",
        quantity=Quantity("ms a fit", 1e3),
        contestants=tuple(BUILDERS),
        start=start,
    ),
)

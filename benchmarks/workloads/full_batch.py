"""L-BFGS on the moons network: one iteration, of a call that makes a hundred from one start.

Data, network and penalty are those of W2. scikit-learn's classifier of two classes has one output
under a logistic function, where the others have two under a softmax; SciPy's row is L-BFGS-B with
loss and gradient written by hand. Each row counts the iterations that it makes: the methods end at
their own tolerances, and the line searches differ, so there is no common loss to check.
"""

# pyright: basic, reportMissingImports=false, reportArgumentType=false
# (an optional rival: absent where the checks run)

import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.workload import Dataset
from benchmarks.workloads.w2_moons import L2, POINTS, WORKLOAD, gradients, load

__all__ = ["BENCHMARKS", "BUILDERS"]

ITERATIONS = 100
GTOL, FTOL = 1e-8, 1e-15

Train = Callable[[], int]
"""Trains from the initial weights, and returns the number of iterations."""


def with_sklearn(data: Dataset) -> Train:
    """Prepare ``MLPClassifier(solver="lbfgs")``, which calls SciPy's L-BFGS-B."""
    from sklearn.neural_network import MLPClassifier

    def train() -> int:
        model = MLPClassifier(
            hidden_layer_sizes=WORKLOAD.sizes[1:-1],
            activation="tanh",
            solver="lbfgs",
            alpha=L2 * POINTS,
            max_iter=ITERATIONS,
            tol=GTOL,
            random_state=0,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged
            model.fit(data.x, data.y)
        return model.n_iter_

    return train


def with_scipy(data: Dataset) -> Train:
    """Prepare L-BFGS-B with the loss and its gradient in NumPy."""
    from scipy import optimize

    start = WORKLOAD.initial_parameters()
    ends = np.cumsum([each.size for each in start])[:-1]
    x, y = data.x.astype(float), data.y

    def loss(vector: np.ndarray) -> tuple[float, np.ndarray]:
        parts = zip(np.split(vector, ends), start, strict=True)
        parameters = [part.reshape(each.shape) for part, each in parts]
        derivative = gradients(parameters, x, y)
        value = WORKLOAD.objective(parameters, x, y)
        return value, np.concatenate([each.ravel() for each in derivative])

    options = {"maxiter": ITERATIONS, "gtol": GTOL, "ftol": FTOL}
    first = np.concatenate([each.ravel() for each in start]).astype(float)

    def train() -> int:
        return optimize.minimize(loss, first, jac=True, method="L-BFGS-B", options=options).nit

    return train


def with_chainrule(data: Dataset) -> Train:
    """Prepare a network and its ``fit``; weights and optimiser begin anew in each call."""
    import chainrule as cr
    from chainrule.train.network import model_of

    layers = [cr.nn.Dense(3, activation="tanh", l2=L2), cr.nn.Dense(2, l2=L2)]
    net = cr.Network(layers, dtype="float64")
    net.predict(data.x[:1])
    net.compile(loss="cross_entropy", optimizer=cr.optim.LBFGS(gtol=GTOL, ftol=FTOL))
    model, names = model_of(net), list(net.params)

    def train() -> int:
        model.optimizer_slots, model.counter = {}, type(model.counter)()
        net.params.update(dict(zip(names, WORKLOAD.initial_parameters(), strict=True)))
        return net.fit(data.x, data.y, epochs=ITERATIONS, verbose=0).epochs

    return train


BUILDERS = {"sklearn": with_sklearn, "scipy": with_scipy, "chainrule": with_chainrule}


def start(contestant: str, _scratch: Path) -> Session:
    """Build the contestant and train once, so that compilation is not timed."""
    data = load()
    train = BUILDERS[contestant](data)
    train()
    return Session(partial(repetition, train), data.name)


def repetition(train: Train) -> Figure:
    """Time one training call."""
    begin = time.perf_counter()
    iterations = train()
    return Figure((time.perf_counter() - begin) / iterations)


BENCHMARKS = (
    Benchmark(
        name="lbfgs",
        title="L-BFGS on moons, 2-3-2 tanh, softmax, all 200 points, L2",
        quantity=Quantity("µs an iteration", 1e6),
        contestants=("sklearn", "scipy", "chainrule"),
        start=start,
    ),
)

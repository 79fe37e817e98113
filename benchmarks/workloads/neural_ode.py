"""A neural ODE that learns a spiral: 500 steps of Adam, in float32.

``spiral`` is that of Chen et al. (2018): 20 pieces of 10 times, one hidden layer of 50 units on the
cube of y. ``spiral-tutorial`` has the size of Diffrax's tutorial: 32 trajectories of 100 times, two
hidden layers of 64 units. All rows take Tsitouras' method (torchdiffeq Dormand and Prince's) with
rtol = 1e-3 and atol = 1e-6, from the same weights over the same batches. Diffrax takes the steps of
each sample by its own error, the others those of the batch. ``diffrax-step`` calls a compiled step
500 times, as its tutorial does, and ``diffrax-scan`` has all in one ``lax.scan``.

The check is the loss that the weights reach, integrated by equal steps in NumPy.

References
----------
Chen, Rubanova, Bettencourt & Duvenaud (2018), "Neural ordinary differential equations".
"""

# pyright: basic, reportMissingImports=false
# (optional rivals: absent where the checks run)

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session

__all__ = ["BENCHMARKS", "BUILDERS", "TASKS", "Task"]

STEPS = 500
RTOL, ATOL = 1e-3, 1e-6
BETAS, EPSILON = (0.9, 0.999), 1e-8

Parameters = list[np.ndarray]
Train = Callable[[], Parameters]
"""Takes the steps from the initial weights, and returns those reached."""


@dataclass(frozen=True)
class Task:
    """Data, network and rate.

    Parameters
    ----------
    sizes : tuple of int
        Features of the network's input, hidden layers and output.
    is_cubed : bool
        Whether the network is given y³.
    activations : tuple of str
        Of each layer: "tanh", "softplus" or "linear".
    times : array, float32, (times,)
    batch : int
    rate : float
    law : callable (array) -> array
        The true dy/dt.
    """

    sizes: tuple[int, ...]
    is_cubed: bool
    activations: tuple[str, ...]
    times: np.ndarray
    batch: int
    rate: float
    law: Callable[[np.ndarray], np.ndarray]

    def initial_parameters(self) -> Parameters:
        """Draw weights, uniform within 1 / sqrt(features) as in Equinox, and biases of 0."""
        generator, found = np.random.default_rng(0), []
        for before, after in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            bound = before**-0.5
            found.append(generator.uniform(-bound, bound, (before, after)).astype(np.float32))
            found.append(np.zeros(after, np.float32))
        return found

    def batches(self) -> np.ndarray:
        """Return the targets of all steps, float32, (steps, batch, times, 2)."""
        generator = np.random.default_rng(1)
        if self.is_cubed:  # pieces of one trajectory
            whole = solve(self.law, np.array([[2.0, 0.0]]), np.linspace(0, 25, 1000), 4)[0]
            pieces = np.lib.stride_tricks.sliding_window_view(whole, len(self.times), axis=0)
            samples = pieces.swapaxes(1, 2)
        else:
            starts = generator.uniform(-0.6, 1.0, (256, 2))
            samples = solve(self.law, starts, self.times, 4)
        chosen = generator.integers(len(samples), size=(STEPS, self.batch))
        return samples[chosen].astype(np.float32)

    def rates(self, parameters: Any, y: Any, functions: dict[str, Any]) -> Any:
        """Evaluate the network, in any library."""
        y = y**3 if self.is_cubed else y
        layers = zip(parameters[::2], parameters[1::2], self.activations, strict=True)
        for weights, bias, activation in layers:
            y = functions[activation](y @ weights + bias)
        return y


def solve(law: Any, y: np.ndarray, times: np.ndarray, steps: int) -> np.ndarray:
    """Integrate by so many steps of the classical Runge-Kutta method between two times."""
    rows = [y]
    for length in np.diff(times.astype(float)):
        h = length / steps
        for _ in range(steps):
            k1 = law(y)
            k2 = law(y + h / 2 * k1)
            k3 = law(y + h / 2 * k2)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + law(y + h * k3))
        rows.append(y)
    return np.stack(rows, axis=1)


NUMPY = {"tanh": np.tanh, "softplus": lambda x: np.logaddexp(x, 0), "linear": lambda x: x}


def loss(task: Task, parameters: Parameters) -> float:
    """Compute the mean square error over the first ten batches."""
    targets = np.concatenate(task.batches()[:10]).astype(float)
    wide = [each.astype(float) for each in parameters]
    law = partial(task.rates, wide, functions=NUMPY)
    return float(np.mean((solve(law, targets[:, 0], task.times, 2) - targets) ** 2))


def with_diffrax(task: Task, is_one_scan: bool) -> Train:
    """Compile a step of training, or all of them."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import diffrax
    import jax
    import jax.numpy as jnp

    functions = {"tanh": jnp.tanh, "softplus": jax.nn.softplus, "linear": lambda x: x}
    times = jnp.asarray(task.times)
    term = diffrax.ODETerm(lambda t, y, args: task.rates(args, y, functions))

    def one(parameters: Any, y: Any) -> Any:
        return diffrax.diffeqsolve(
            term, diffrax.Tsit5(), times[0], times[-1], times[1] - times[0], y, parameters,
            saveat=diffrax.SaveAt(ts=times),
            stepsize_controller=diffrax.PIDController(rtol=RTOL, atol=ATOL),
        ).ys  # fmt: skip

    def objective(parameters: Any, targets: Any) -> Any:
        found = jax.vmap(one, (None, 0))(parameters, targets[:, 0])
        return jnp.mean((found - targets) ** 2)

    def step(state: Any, targets: Any) -> Any:
        return adam(state, jax.grad(objective)(state[0], targets), task.rate, jax.tree.map, jnp), 0

    start = [jnp.asarray(each) for each in task.initial_parameters()]
    state = start, [each * 0 for each in start], [each * 0 for each in start], jnp.zeros(())
    batches = jnp.asarray(task.batches())
    compiled = jax.jit(step)
    whole = jax.jit(lambda state, batches: jax.lax.scan(step, state, batches)[0])

    def train() -> Parameters:
        if is_one_scan:
            return [np.asarray(each) for each in whole(state, batches)[0]]
        after = state
        for number in range(STEPS):
            after, _ = compiled(after, batches[number])
        return [np.asarray(each) for each in after[0]]

    return train


def adam(state: Any, gradient: Any, rate: float, over: Any, xp: Any) -> Any:
    """Take a step of Kingma & Ba (2015), Algorithm 1."""
    parameters, means, squares, count = state
    first, second = BETAS
    count = count + 1
    means = over(lambda m, g: first * m + (1 - first) * g, means, gradient)
    squares = over(lambda v, g: second * v + (1 - second) * g * g, squares, gradient)

    def moved(p: Any, m: Any, v: Any) -> Any:
        return p - rate * m / (1 - first**count) / (xp.sqrt(v / (1 - second**count)) + EPSILON)

    return over(moved, parameters, means, squares), means, squares, count


def with_torchdiffeq(task: Task) -> Train:
    """Train as torchdiffeq's example does, back through the solver."""
    import torch
    from torchdiffeq import odeint

    softplus = torch.nn.functional.softplus
    functions = {"tanh": torch.tanh, "softplus": softplus, "linear": lambda x: x}
    times, batches = torch.from_numpy(task.times), torch.from_numpy(task.batches())

    def train() -> Parameters:
        parameters = [torch.from_numpy(each).requires_grad_() for each in task.initial_parameters()]
        optimizer = torch.optim.Adam(parameters, task.rate, BETAS, EPSILON)
        for targets in batches:
            optimizer.zero_grad()
            found = odeint(
                lambda t, y: task.rates(parameters, y, functions), targets[:, 0], times,
                rtol=RTOL, atol=ATOL, method="dopri5",
            )  # fmt: skip
            torch.mean((found.transpose(0, 1) - targets) ** 2).backward()
            optimizer.step()
        return [each.detach().numpy().copy() for each in parameters]

    return train


def with_chainrule(task: Task) -> Train:
    """Prepare a network of one layer, and its ``fit``; weights begin anew in each call."""
    import chainrule as cr
    from chainrule import nn
    from chainrule.train.network import model_of

    units = zip(task.sizes[1:], task.activations, strict=True)
    layers = [nn.Dense(size, activation) for size, activation in units]
    cube = [nn.Lambda(lambda y: y**3)] if task.is_cubed else []
    ode = nn.ODE([*cube, *layers], task.times.tolist(), rtol=RTOL, atol=ATOL, return_sequences=True)
    batches = task.batches()
    targets = batches.reshape(-1, *batches.shape[2:])
    x = np.ascontiguousarray(targets[:, 0])
    net = cr.Network([ode])
    net.predict(x[:1])
    net.compile(loss="mse", optimizer=cr.optim.Adam(task.rate, *BETAS, EPSILON))
    model, names = model_of(net), list(net.params)

    def train() -> Parameters:
        model.optimizer_slots, model.counter = {}, type(model.counter)()
        net.params.update(dict(zip(names, task.initial_parameters(), strict=True)))
        net.fit(x, targets, epochs=1, batch_size=task.batch, shuffle=False, verbose=0)
        return [np.asarray(net.params[name]) for name in names]

    return train


BUILDERS: dict[str, Callable[[Task], Train]] = {
    "diffrax-step": partial(with_diffrax, is_one_scan=False),
    "diffrax-scan": partial(with_diffrax, is_one_scan=True),
    "torchdiffeq": with_torchdiffeq,
    "chainrule": with_chainrule,
}


def spiral_of_chen(y: np.ndarray) -> np.ndarray:
    """Compute dy/dt of the spiral of Chen et al. (2018)."""
    return y**3 @ np.array([[-0.1, 2.0], [-2.0, -0.1]])


def spiral_of_the_tutorial(y: np.ndarray) -> np.ndarray:
    """Compute dy/dt of the spiral of Diffrax's tutorial."""
    return (y / (1 + y))[:, ::-1] * np.array([1.0, -1.0])


TASKS = {
    "spiral": Task(
        (2, 50, 2), True, ("tanh", "linear"),
        np.linspace(0, 25, 1000)[:10].astype(np.float32), 20, 1e-3, spiral_of_chen,
    ),
    "spiral-tutorial": Task(
        (2, 64, 64, 2), False, ("softplus", "softplus", "tanh"),
        np.linspace(0, 10, 100).astype(np.float32), 32, 3e-3, spiral_of_the_tutorial,
    ),
}  # fmt: skip


def start(task: Task, contestant: str, _scratch: Path) -> Session:
    """Build the contestant; the first round, which does not count, compiles."""
    return Session(partial(repetition, task, BUILDERS[contestant](task)), "from 500 batches")


def repetition(task: Task, train: Train) -> Figure:
    """Time one training."""
    begin = time.perf_counter()
    parameters = train()
    return Figure(time.perf_counter() - begin, loss(task, parameters))


BENCHMARKS = (
    Benchmark(
        name="spiral",
        title="Neural ODE, spiral of Chen et al.: 500 steps of Adam, 20 pieces of 10 times",
        quantity=Quantity("ms", 1e3),
        contestants=tuple(BUILDERS),
        start=partial(start, TASKS["spiral"]),
        tolerance=0.05,
        most_repeats=5,
        on_request=True,
    ),
    Benchmark(
        name="spiral-tutorial",
        title="Neural ODE, size of Diffrax's tutorial: 500 steps of Adam, 32 orbits of 100 times",
        quantity=Quantity("ms", 1e3),
        contestants=tuple(name for name in BUILDERS if name != "torchdiffeq"),
        start=partial(start, TASKS["spiral-tutorial"]),
        tolerance=0.05,
        most_repeats=5,
        on_request=True,
    ),
)

"""Neural ODEs: networks that learn the law of motion of a spiral, and of hares and lynxes.

The layer `nn.ODE` is the solution of dy/dt = f(y), where f is a small network (Chen et al. 2018).
It sees pieces of one trajectory: a point, and where it was at the times after it. The solver and
its derivative are part of the compiled training step, of Adam first and then of L-BFGS, which takes
all pieces at once and brings the loss down much further. Afterwards the network
has to run the whole trajectory from its first point, far longer than any piece that it has seen.

As in the paper, the spiral's network is given y³. Hares and lynxes (Lotka 1925, Volterra 1926) are
counted in logarithms, so that none can become negative.

Run it with ``python examples/30_neural_ode.py``; the extra ``plot`` draws. It writes
``neural_ode.png`` into the current folder, and prints::

    spiral: the whole trajectory is off by less than 3 %
    hares and lynxes: the whole trajectory is off by less than 3 %
"""

import matplotlib.pyplot as plt
import numpy as np

import chainrule as cr
from chainrule import nn, optim, science


def spiral(y, t):
    return y**3 @ np.array([[-0.1, 2.0], [-2.0, -0.1]])


def lotka_volterra(y, t):
    hares, lynxes = np.exp(y)
    return [1.1 - 0.4 * lynxes, 0.1 * hares - 0.4]


def learn(system, start, t, length, first_layers=()):
    """Return the solution, and what a network makes of its first point."""
    solution = science.odeint(system, start, t, rtol=1e-8, atol=1e-8).astype(np.float32)
    pieces = np.lib.stride_tricks.sliding_window_view(solution, length, axis=0)
    X, y = pieces[..., 0], pieces.swapaxes(1, 2)
    dynamics = [*first_layers, nn.Dense(32, "tanh"), nn.Dense(2)]
    arguments = {"method": "rk4", "steps": 1, "return_sequences": True}

    net = cr.Network([nn.ODE(dynamics, t[:length], **arguments)], seed=0)
    net.compile("mse", optim.Adam(optim.cosine(0.02, epochs=200)))
    net.fit(X, y, epochs=200, batch_size=64, verbose=0)
    net.compile("mse", optim.LBFGS(gtol=1e-9, ftol=1e-13))
    net.fit(X, y, epochs=500, verbose=0)

    longer = cr.Network([nn.ODE(dynamics, t, **arguments)])  # of the same layers
    return solution, longer.predict(X[:1])[0]


def main():
    cube = nn.Lambda(lambda y: y**3)
    problems = {
        "spiral": (spiral, [2.0, 0.0], np.linspace(0, 10, 401), 10, [cube]),
        "hares and lynxes": (lotka_volterra, np.log([10.0, 5.0]), np.linspace(0, 24, 241), 20),
    }
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for axis, (name, problem) in zip(axes, problems.items(), strict=True):
        true, learned = learn(*problem)
        error = 100 * np.linalg.norm(learned - true) / np.linalg.norm(true)
        size = "less than 3 %" if error < 3 else f"{error:.1f} %"
        print(f"{name}: the whole trajectory is off by {size}")
        axis.plot(*true.T, ".", markersize=3, label="data")
        axis.plot(*learned.T, label="neural ODE", linewidth=1)
        axis.set_title(name)
        axis.legend()
    figure.savefig("neural_ode.png", dpi=100)


if __name__ == "__main__":
    main()

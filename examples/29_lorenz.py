"""The Lorenz attractor: two starts 0.01 apart, and how fast they part.

Convection in three numbers (Lorenz 1963): p = 10, r = 28, b = 3. Two solutions that start 0.01
apart stay together for a while and then have nothing in common. The rate of their parting is the
largest Lyapunov exponent: the mean logarithmic growth of a small difference v, which obeys the
derivative of the flow. ``cr.jvp`` carries v along with the solution, without a formula for it;
after each unit of time its growth is noted and v made a unit vector again (Benettin 1980).

Run it with ``python examples/29_lorenz.py``; the extra ``plot`` draws. It writes ``lorenz.png``
into the current folder, and prints::

    t =  0: the solutions are  0.01 apart
    t =  5: the solutions are  0.05 apart
    t = 10: the solutions are  0.09 apart
    t = 15: the solutions are  0.11 apart
    t = 20: the solutions are 10.08 apart
    b = 3.000: a small difference grows by exp(0.93 t)
    b = 2.667: a small difference grows by exp(0.91 t)
"""

import matplotlib.pyplot as plt
import numpy as np

import chainrule as cr
from chainrule import science


def lorenz(state, t, p, r, b):
    x, y, z = state
    return [p * (y - x), x * (r - z) - y, x * y - b * z]


@cr.jit
def lyapunov_exponent(start, p, r, b):
    """Return the mean growth of a difference in 1,000 units of time, after 20 of approach."""

    def flow(state):
        return science.odeint(lorenz, state, [0, 1], (p, r, b), rtol=1e-9, atol=1e-9)[-1]

    def unit_of_time(carry, _):
        state, difference = carry
        state, difference = cr.jvp(flow, (state,), (difference,))
        growth = np.sqrt(np.sum(difference**2))
        return (state, difference / growth), np.log(growth)

    first = (start, np.array([1.0, 0.0, 0.0]))
    _, growths = cr.scan(unit_of_time, first, length=1020)
    return np.mean(growths[20:])


def draw(path, solutions):
    figure = plt.figure(figsize=(7, 6), layout="constrained")
    axes = figure.add_subplot(projection="3d")
    for solution, colour in zip(solutions, ("tab:blue", "tab:orange"), strict=True):
        axes.plot(*solution.T, linewidth=0.6, color=colour)
        axes.plot(*solution[-1:].T, "o", color=colour)
    axes.set(xlabel="x", ylabel="y", zlabel="z", title="two starts 0.01 apart")
    figure.savefig(path, dpi=100)


t = np.arange(0, 30, 0.01)
starts = [0.0, 1.0, 0.0], [0.0, 1.01, 0.0]
solutions = [science.odeint(lorenz, start, t, args=(10, 28, 3)) for start in starts]
distance = np.linalg.norm(solutions[1] - solutions[0], axis=1)
for time in (0, 5, 10, 15, 20):
    print(f"t = {time:2d}: the solutions are {distance[time * 100]:5.2f} apart")
draw("lorenz.png", solutions)
for b in (3.0, 8 / 3):
    exponent = lyapunov_exponent(np.ones(3), 10.0, 28.0, b)
    print(f"b = {b:.3f}: a small difference grows by exp({exponent:.2f} t)")

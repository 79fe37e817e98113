"""A loop that ends by a condition: Kepler's equation by Newton's method, and its derivative.

Kepler's equation, E - e sin E = M, gives the place of a planet at a given time: the mean anomaly M
is proportional to the time, e is the eccentricity of the orbit, and the eccentric anomaly E is the
unknown. No formula solves it; Newton's method does, and stops when a step no longer changes E.

The derivative of the solution is that of the steps which were run: `cr.while_loop` with `max_steps`
stores them, and goes back. The implicit function theorem says what it must be, without any loop::

    dE/dM = 1 / (1 - e cos E)        dE/de = sin E / (1 - e cos E)

Run it with ``python examples/25_newton_and_kepler.py``. It prints::

       e     M   steps         E     dE/dM   theorem     dE/de   theorem
    0.02  0.50       3  0.509759    1.0178    1.0178    0.4966    0.4966
    0.21  1.00       4  1.195374    1.0834    1.0834    1.0080    1.0080
    0.67  2.00       5  2.434997    0.6624    0.6624    0.4301    0.4301
    0.97  0.10       5  0.786973    3.1727    3.1727    2.2470    2.2470

    forward mode needs no max_steps: dE/dM = 3.1727
    all orbits at once, each with its own number of steps: 3 4 5 5
    compiled, the loop is one piece of native code: 0.509759 1.195374 2.434997 0.786973
"""

import numpy as np

import chainrule as cr

# Eccentricity and mean anomaly of the Earth, Mercury, and the comets Encke and Halley.
ORBITS = [(0.02, 0.5), (0.21, 1.0), (0.67, 2.0), (0.97, 0.1)]


def kepler(e, M, max_steps=50):
    """Return E and the number of steps until none changes it by more than rounding."""

    def goes_on(carry):
        _, change, _ = carry
        return np.abs(change) > 1e-12

    def newton(carry):
        E, _, steps = carry
        change = (E - e * np.sin(E) - M) / (1 - e * np.cos(E))
        return E - change, change, steps + 1

    # Near the perihelion of a long orbit the first guess is the one of Danby (1987).
    start = cr.cond(e < 0.8, lambda: M, lambda: M + 0.85 * e)
    E, _, steps = cr.while_loop(goes_on, newton, (start, 1.0, 0), max_steps)
    return E, steps


def solution(e, M):
    return kepler(e, M)[0]


print("   e     M   steps         E     dE/dM   theorem     dE/de   theorem")
for e, M in ORBITS:
    E, steps = kepler(e, M)
    by_e, by_M = cr.grad(solution, argnums=(0, 1))(e, M)
    divisor = 1 - e * np.cos(E)
    print(f"{e:.2f}  {M:.2f}  {steps:6d}  {E:.6f}  {by_M:8.4f}  {1 / divisor:8.4f}", end="")
    print(f"  {by_e:8.4f}  {np.sin(E) / divisor:8.4f}")

endless = lambda M: kepler(0.97, M, max_steps=None)[0]  # noqa: E731
print(f"\nforward mode needs no max_steps: dE/dM = {cr.jvp(endless, (0.1,), (1.0,))[1]:.4f}")

eccentricities, anomalies = np.array(ORBITS).T
_, steps = cr.vmap(kepler)(eccentricities, anomalies)
print("all orbits at once, each with its own number of steps:", *steps)

compiled = cr.jit(cr.vmap(solution))(eccentricities, anomalies)
print("compiled, the loop is one piece of native code:", *(f"{E:.6f}" for E in compiled))

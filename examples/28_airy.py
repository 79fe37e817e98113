"""Airy's equation, y″ = t y, by `odeint`: with the Jacobian by hand, and derived.

To the left of 0 the solution Ai swings, to the right it decays; there any error grows like the
other solution, Bi. As a system, with y = (Ai′, Ai), its Jacobian depends on the time alone. SciPy
takes it as ``Dfun``, or estimates it by differences; `science.odeint` and `science.solve_ivp`
derive it. The equation is not stiff, so `odeint` takes an explicit method of order 8, which needs
no Jacobian at all; Radau's implicit one does.

Run it with ``python examples/28_airy.py``. It prints::

    function   Jacobian     method   evaluations  Jacobians  largest error
    odeint     by hand      dop853          2120          0          4e-12
    odeint     derived      dop853          2120          0          4e-12
    solve_ivp  by hand      radau          39089          2          2e-13
    solve_ivp  derived      radau          39089          2          2e-13
"""

import numpy as np
from scipy.special import airy

from chainrule import science

TOLERANCES = {"rtol": 1e-12, "atol": 1e-12}


def system(y, t):
    return [t * y[1], y[0]]


def jacobian(y, t):
    return [[0, t], [1, 0]]


def swapped(f):
    """Return a function of (t, y), as `solve_ivp` calls it, of one of (y, t)."""
    return lambda t, y: f(y, t)


def report(function, derivative, method, evaluations, jacobians, y):
    error = np.max(np.abs(y - exact))
    print(f"{function:11}{derivative:13}{method:8}{evaluations:12d}{jacobians:11d}{error:15.0e}")


t = np.linspace(-10, 2, 121)
exact, rate, _, _ = airy(t)
start = [rate[0], exact[0]]

print("function   Jacobian     method   evaluations  Jacobians  largest error")
for name, Dfun in (("by hand", jacobian), ("derived", None)):
    y, info = science.odeint(system, start, t, Dfun=Dfun, full_output=True, **TOLERANCES)
    report("odeint", name, info["integrator"], info["nfe"][-1], info["nje"][-1], y[:, 1])
for name, jac in (("by hand", swapped(jacobian)), ("derived", None)):
    options = TOLERANCES | ({} if jac is None else {"jac": jac})
    found = science.solve_ivp(swapped(system), (-10, 2), start, "Radau", t, **options)
    report("solve_ivp", name, "radau", found.nfev, found.njev, found.y[1])

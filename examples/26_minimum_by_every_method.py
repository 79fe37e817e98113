"""The minimum of x² − 4x + 8 by every method, side by side: what an exact derivative saves.

The tutorial starts at 1.3 and asks SciPy. Methods that need a gradient estimate it by differences,
at the cost of more evaluations; `science` derives it, and SciPy uses it. Methods without a gradient
take as many evaluations as before. (Powell's and the quasi-Newton methods took a few more in the
tutorial's SciPy: 53 for Powell, 12 and 15 for BFGS and conjugate gradients.)

Then a valley in ten dimensions, Rosenbrock's function, where each gradient by differences costs ten
evaluations, and where Newton's method needs second derivatives, which are long to write.

Run it with ``python examples/26_minimum_by_every_method.py``. It prints::

    fmin, which is Nelder and Mead's simplex, reports as SciPy does:
    Optimization terminated successfully.
             Current function value: 4.000000
             Iterations: 16
             Function evaluations: 32

    method        x  f  iterations  evaluations  gradients  by differences  saved
    nelder-mead   2  4          16           32          0              32      -
    powell        2  4           2           51          0              51      -
    bfgs          2  4           2            3          3               6      3
    cg            2  4           1            3          3               6      3
    newton-cg     2  4           2            2          2               -      -
    l-bfgs-b      2  4           2            3          3               6      3
    tnc           2  4           1            3          3              24     21
    slsqp         2  4           2            3          2               5      2
    trust-exact   2  4           1            2          2               -      -
    trust-constr  2  4           2            2          2               6      4
    cobyla        2  4           -           20          0              20      -
    cobyqa        2  4          30           16          0              16      -

    Rosenbrock's valley in 10 dimensions:
        bfgs      90 % of the evaluations are saved
        cg        92 % of the evaluations are saved
        l-bfgs-b  91 % of the evaluations are saved
        newton-cg has its minimum at 1, ..., 1 too, and SciPy alone cannot run it
"""

import numpy as np

from chainrule import science


def parabola(x):
    return x**2 - 4 * x + 8


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


print("fmin, which is Nelder and Mead's simplex, reports as SciPy does:")
science.fmin(parabola, 1.3)
print()
science.compare(parabola, 1.3)
print()
print("Rosenbrock's valley in 10 dimensions:")
for method in ("bfgs", "cg", "l-bfgs-b"):
    exact = science.minimize(rosenbrock, np.zeros(10), method=method)
    by_differences = science.minimize(rosenbrock, np.zeros(10), method=method, jac="2-point")
    saved = 1 - exact.nfev / by_differences.nfev
    print(f"    {method:9} {100 * saved:.0f} % of the evaluations are saved")
newton = science.minimize(rosenbrock, np.zeros(10), method="newton-cg")
if np.allclose(newton.x, 1, atol=1e-3):
    print("    newton-cg has its minimum at 1, ..., 1 too, and SciPy alone cannot run it")

"""``scipy.optimize`` with exact derivatives: minimisation, roots, least squares, curve fits.

::

    minimizers         minimize, the names from before it, line_search, check_grad, compare
    global_search      annealing, evolution, basin hopping, brute force, shgo
    roots              of functions of one number, and of systems
    fits               least_squares, leastsq, curve_fit and its result
    extremum_search    extrema: all of them on a closed interval
"""

from typing import TYPE_CHECKING

from scipy import optimize as _scipy

# They use no derivatives, and call the function itself: a program would take longer to be called.
from scipy.optimize import approx_fprime, bracket, brent, direct, fminbound, golden, minimize_scalar

from chainrule.science.optimize.extremum_search.extrema import extrema
from chainrule.science.optimize.fits.curve_fit import curve_fit
from chainrule.science.optimize.fits.fit_result import FitResult
from chainrule.science.optimize.fits.least_squares import least_squares
from chainrule.science.optimize.fits.leastsq import leastsq
from chainrule.science.optimize.global_search.annealing import anneal, dual_annealing
from chainrule.science.optimize.global_search.evolution import differential_evolution
from chainrule.science.optimize.global_search.multistart import basinhopping, brute, shgo
from chainrule.science.optimize.minimizers.bounded import fmin_l_bfgs_b, fmin_tnc
from chainrule.science.optimize.minimizers.compare import compare
from chainrule.science.optimize.minimizers.descent import fmin_bfgs, fmin_cg, fmin_ncg
from chainrule.science.optimize.minimizers.direct_search import fmin, fmin_cobyla, fmin_powell
from chainrule.science.optimize.minimizers.gradients import check_grad, line_search
from chainrule.science.optimize.minimizers.minimize import minimize
from chainrule.science.optimize.minimizers.sequential_quadratic import fmin_slsqp
from chainrule.science.optimize.roots.bisection import bisect, ridder
from chainrule.science.optimize.roots.interpolation import brenth, brentq, toms748
from chainrule.science.optimize.roots.krylov import newton_krylov
from chainrule.science.optimize.roots.newton import newton
from chainrule.science.optimize.roots.root import fsolve, root
from chainrule.science.optimize.roots.root_scalar import root_scalar
from chainrule.science.optimize.roots.without_derivatives import (
    anderson,
    broyden1,
    broyden2,
    diagbroyden,
    excitingmixing,
    fixed_point,
    linearmixing,
)

__all__ = [
    "FitResult",
    "anderson",
    "anneal",
    "approx_fprime",
    "basinhopping",
    "bisect",
    "bracket",
    "brent",
    "brenth",
    "brentq",
    "broyden1",
    "broyden2",
    "brute",
    "check_grad",
    "compare",
    "curve_fit",
    "diagbroyden",
    "differential_evolution",
    "direct",
    "dual_annealing",
    "excitingmixing",
    "extrema",
    "fixed_point",
    "fmin",
    "fmin_bfgs",
    "fmin_cg",
    "fmin_cobyla",
    "fmin_l_bfgs_b",
    "fmin_ncg",
    "fmin_powell",
    "fmin_slsqp",
    "fmin_tnc",
    "fminbound",
    "fsolve",
    "golden",
    "least_squares",
    "leastsq",
    "line_search",
    "linearmixing",
    "minimize",
    "minimize_scalar",
    "newton",
    "newton_krylov",
    "ridder",
    "root",
    "root_scalar",
    "shgo",
    "toms748",
]

if not TYPE_CHECKING:  # what is not replaced is SciPy's own

    def __getattr__(name: str) -> object:
        if name == "elementwise":
            import chainrule.science.optimize.elementwise as found

            return found
        return getattr(_scipy, name)

    def __dir__() -> list[str]:
        return sorted({*__all__, *_scipy.__all__})

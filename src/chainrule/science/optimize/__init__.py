"""``scipy.optimize`` with exact derivatives: minimisation, roots, least squares, curve fits."""

from typing import TYPE_CHECKING

from scipy import optimize as _scipy

from chainrule.science.optimize.bounded import fmin_l_bfgs_b, fmin_tnc
from chainrule.science.optimize.bracketing import bisect, brenth, brentq, ridder, toms748
from chainrule.science.optimize.curve_fit import curve_fit
from chainrule.science.optimize.descent import fmin_bfgs, fmin_cg, fmin_ncg
from chainrule.science.optimize.direct_search import fmin, fmin_cobyla, fmin_powell
from chainrule.science.optimize.fit_result import FitResult
from chainrule.science.optimize.least_squares import least_squares
from chainrule.science.optimize.leastsq import leastsq
from chainrule.science.optimize.minimize import minimize
from chainrule.science.optimize.newton import newton
from chainrule.science.optimize.root_scalar import root_scalar
from chainrule.science.optimize.sequential_quadratic import fmin_slsqp

__all__ = [
    "FitResult",
    "bisect",
    "brenth",
    "brentq",
    "curve_fit",
    "fmin",
    "fmin_bfgs",
    "fmin_cg",
    "fmin_cobyla",
    "fmin_l_bfgs_b",
    "fmin_ncg",
    "fmin_powell",
    "fmin_slsqp",
    "fmin_tnc",
    "least_squares",
    "leastsq",
    "minimize",
    "newton",
    "ridder",
    "root_scalar",
    "toms748",
]

if not TYPE_CHECKING:  # what is not replaced is SciPy's own

    def __getattr__(name: str) -> object:
        return getattr(_scipy, name)

    def __dir__() -> list[str]:
        return sorted({*__all__, *_scipy.__all__})

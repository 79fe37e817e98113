"""The public names of `chainrule.science` by the subpackage that defines them."""

from __future__ import annotations

__all__ = ["IMAGES", "INTEGRATE", "OPTIMIZE", "SUBPACKAGES"]

SUBPACKAGES = ("images", "integrate", "ndimage", "optimize")

OPTIMIZE: tuple[str, ...] = (
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
    "extrema",
    "curve_fit",
    "diagbroyden",
    "differential_evolution",
    "direct",
    "dual_annealing",
    "excitingmixing",
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
    "linprog",
    "lsq_linear",
    "milp",
    "minimize",
    "minimize_scalar",
    "newton",
    "newton_krylov",
    "nnls",
    "ridder",
    "root",
    "root_scalar",
    "shgo",
    "toms748",
)
"""Optimisation, roots and fits: SciPy's names, and `compare`, `extrema`, `anneal`."""

INTEGRATE: tuple[str, ...] = (
    "odeint",
    "solve_ivp",
)
"""Initial value problems."""

IMAGES: tuple[str, ...] = (
    "canny",
    "filter2d",
    "gaussian",
    "gradient_direction",
    "gradient_magnitude",
    "laplacian",
    "median",
    "prewitt",
    "sharpness",
    "sobel",
    "threshold",
)
"""Filters of images; those of `scipy.ndimage` by its names are in ``science.ndimage``."""

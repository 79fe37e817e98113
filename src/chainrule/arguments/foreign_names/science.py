"""SciPy and libraries of solvers: names that `chainrule.science` lacks, and what they are there."""

from chainrule.arguments.foreign_names.subject import Subject

__all__ = ["SUBJECTS"]

SCIENCE = Subject(
    "Optimisation, differential equations and images",
    ours="science.{}",
    theirs={"torch": "torchdiffeq.{}", "jax": "diffrax.{}", "": "{}"},
    table="""
other  Minimize minimise  -> minimize
torch  odeint_adjoint  -> odeint
other  Odeint ode_int odesolve  -> odeint
jax  diffeqsolve  -> solve_ivp
other  CurveFit fit_curve  -> curve_fit
jax  root_find  -> root
other  find_root findroot  -> root
other  LeastSquares  -> least_squares
numpy  gaussian_filter median_filter gaussian_laplace  -> filters by SciPy's names are in
       chainrule.science.ndimage
numpy  special linalg interpolate signal  -> it is SciPy's own: import it from scipy
other  Sobel  -> sobel
other  GaussianBlur gaussian_blur  -> gaussian
other  medianBlur  -> median
other  Canny  -> canny
other  Laplacian  -> laplacian
""",
)

SUBJECTS = {"science": SCIENCE}

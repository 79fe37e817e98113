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

SOLVERS = Subject(
    "Solvers of graphs",
    ours="solvers.{}",
    theirs={"torch": "torchdiffeq.{}", "jax": "diffrax.{}", "": "{}"},
    table="""
torch  odeint  -> integrate
jax  diffeqsolve  -> integrate
other  odesolve solve_ode  -> integrate
torch  odeint_adjoint  -> adjoint
jax  BacksolveAdjoint  -> adjoint
jax  Solution  -> Trajectory
jax  SaveAt  -> the output times are an argument, as in solvers.integrate(f, y0, t); `record` has
     all steps
other  DenseInterpolation  -> interpolated
torch  odeint_event  -> record
jax  Event  -> record
jax  Tsit5  -> give method="tsit5" to solvers.integrate
jax  Dopri5  -> give method="dormand_prince" to solvers.integrate
jax  Dopri8 Dop853  -> give method="dop853" to solvers.integrate
jax  Kvaerno5 Kvaerno3 Rosenbrock Rodas5P  -> give method="rosenbrock" to solvers.integrate
jax  LBFGS  -> lbfgs
jax  LevenbergMarquardt  -> levenberg_marquardt
numpy  solve_ivp  -> it has SciPy's arguments in chainrule.science
numpy  minimize least_squares curve_fit root  -> it has SciPy's arguments in chainrule.science
""",
)

SUBJECTS = {"science": SCIENCE, "solvers": SOLVERS}

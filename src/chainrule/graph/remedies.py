"""What to write instead of a function of NumPy, SciPy or ``math`` that cannot be traced.

::

    remedy ::= text `expression` text      an expression of the same arguments; the tests run it

No remedy is found by spelling: functions whose names resemble each other compute other things.
"""

from __future__ import annotations

__all__ = ["BY_HAND", "REMEDIES", "remedy_for"]


def remedy_for(name: str) -> str:
    """Return the remedy for a function by its full name, or for an attribute: ``.view``."""
    of_distributions = _DISTRIBUTIONS if name.startswith("scipy.stats.") else _GENERAL
    return REMEDIES.get(name) or of_distributions


BY_HAND = (
    "under cr.grad, cr.custom_vjp(forward, backward) takes a forward that calls it on x.value and "
    "a backward written by hand"
)
_GENERAL = f"write it with arithmetic, np.where, np.einsum and the reductions; {BY_HAND}"
_DISTRIBUTIONS = (
    "write its formula with functions of scipy.special: for x of the standard normal distribution, "
    "norm.cdf is `scipy.special.ndtr(x)`, norm.logcdf `scipy.special.log_ndtr(x)`, norm.ppf "
    "`scipy.special.ndtri(x)` and norm.logpdf `-0.5 * (x**2 + np.log(2 * np.pi))`"
)
_BANDED = "write the matrix in full: `np.diag(x) + np.diag(x[1:], 1)`, for np.linalg.solve"
_OUTSIDE = "compute it outside the function and pass the result in"
_LINEAR_ALGEBRA = f"{_OUTSIDE}; {BY_HAND}"
_INITIAL_VALUE = f"with the same arguments, or {_OUTSIDE}; {BY_HAND}"
_COMPLEX = "the eigenvalues may be complex numbers: of a symmetric matrix use"
_COSINES = "np.cos(2 * np.pi * np.outer(np.arange(x.size), np.arange(x.size)) / x.size)"
_FOURIER = (
    "complex numbers cannot be traced: for a vector, its real part is "
    f"`{_COSINES} @ x`, and its imaginary part is that with -np.sin in place of np.cos"
)
_DATES = "traced values are numbers: convert dates before the function, by `dates.astype(float)`"
_IN_FILE = "return the value and write it to a file outside the function"
_MEMORY = "a traced array has no place in memory"

REMEDIES: dict[str, str] = {
    "np.linalg.eig": f"{_COMPLEX} np.linalg.eigh; {_LINEAR_ALGEBRA}",
    "np.linalg.eigvals": f"{_COMPLEX} np.linalg.eigvalsh; {_LINEAR_ALGEBRA}",
    "scipy.linalg.solve_banded": _BANDED,
    "scipy.linalg.solveh_banded": _BANDED,
    "scipy.linalg.cholesky_banded": _BANDED,
    "scipy.integrate.odeint": f"use cr.science.odeint(f, y0, t), {_INITIAL_VALUE}",
    "scipy.integrate.solve_ivp": (
        f"use cr.science.solve_ivp(f, (t0, t1), y0, t_eval=t), {_INITIAL_VALUE}"
    ),
    "scipy.optimize.minimize": f"use cr.solvers.lbfgs(f, x0, args), or {_OUTSIDE}; {BY_HAND}",
    "np.polyfit": "use `np.linalg.lstsq(np.vander(x, deg + 1), y)[0]`",
    "np.roots": _LINEAR_ALGEBRA,
    **{
        f"np.fft.{name}": _FOURIER
        for name in (
            "fft", "fft2", "fftn", "hfft", "ifft", "ifft2", "ifftn", "ihfft", "irfft", "irfft2",
            "irfftn", "rfft", "rfft2", "rfftn",
        )
    },
    **{
        f"np.lib.scimath.{name}": (
            f"traced values are real: use `np.{name}(x)`, which is NaN outside its domain"
        )
        for name in ("arccos", "arcsin", "arctanh", "log", "log10", "log2", "sqrt")
    },
    "np.lib.scimath.logn": "traced values are real: use `np.log(x) / np.log(n)`",
    "np.lib.scimath.power": "traced values are real: use `np.power(x, n)`",
    "np.sort_complex": "traced values are real: use `np.sort(x)`",
    "np.isnat": "traced values are numbers: use `np.isnan(x)`",
    "np.shares_memory": f"{_MEMORY}: use `x is y`",
    "np.may_share_memory": f"{_MEMORY}: use `x is y`",
    **{
        f"np.{name}": _DATES
        for name in ("busday_count", "busday_offset", "datetime_as_string", "is_busday")
    },
    "np.asmatrix": "use `np.atleast_2d(x)`",
    "np.bmat": "use `np.block([[x, x]])`",
    "np.from_dlpack": f"{_MEMORY}; use the array itself, `x`",
    "np.fromiter": "use `np.stack([each * each for each in x])`",
    "np.isfortran": f"{_MEMORY}; `x.shape` and `x.dtype` are known",
    "np.nested_iters": "use `[x[i] for i in np.ndindex(x.shape)]`",
    "math.dist": "use `np.linalg.norm(x - y)`",
    "math.erf": "use `chainrule.ops.erf(x)`",
    "math.erfc": "use `scipy.special.erfc(x)`",
    "math.gamma": "use `scipy.special.gamma(x)`",
    "math.lgamma": "use `scipy.special.gammaln(x)`",
    ".byteswap": "the order of bytes cannot be observed; use `x.copy()`",
    ".getfield": "a traced array has no fields; use `x.astype(np.float32)` to convert",
    ".setfield": "a traced array has no fields; use `x.astype(np.float32)` to convert",
    ".resize": "use `np.resize(x, shape)`",
    ".tobytes": _IN_FILE,
    ".tofile": _IN_FILE,
    ".dump": _IN_FILE,
    ".dumps": _IN_FILE,
    ".data": f"{_MEMORY}; use the array itself, `x`",
    ".ctypes": f"{_MEMORY}; use the array itself, `x`",
    ".strides": f"{_MEMORY}; `x.shape` and `x.dtype` are known",
    ".flags": f"{_MEMORY}; `x.shape` and `x.dtype` are known",
    ".base": f"{_MEMORY}; use the array itself, `x`",
    ".device": f"{_MEMORY}; `x.shape` and `x.dtype` are known",
    ".partition": "use `np.partition(x, 1)`, which returns a new array",
    ".setflags": f"{_MEMORY}; use `x.copy()` for an array to write into",
}  # fmt: skip

"""All methods of minimisation side by side, and what the exact derivatives save."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from chainrule.console import left_aligned, right_aligned, width_of
from chainrule.rich_display import TextTable, html_of
from chainrule.science.flat_function import FlatFunction
from chainrule.science.optimize.minimizers.minimize import minimize
from chainrule.tracebacks import boundary

__all__ = ["Comparison", "MethodRow", "compare"]

_METHODS = (
    "nelder-mead", "powell", "bfgs", "cg", "newton-cg", "l-bfgs-b", "tnc", "slsqp",
    "trust-exact", "trust-constr", "cobyla", "cobyqa",
)  # fmt: skip
_NEED_GRADIENT = ("newton-cg", "dogleg", "trust-ncg", "trust-krylov", "trust-exact")
_WITHOUT_GRADIENT = ("nelder-mead", "powell", "cobyla", "cobyqa")
_HEADINGS = (
    "method", "x", "f", "iterations", "evaluations", "gradients", "by differences", "saved",
)  # fmt: skip


@dataclass(frozen=True)
class MethodRow:
    """What one method found, and at what cost.

    Attributes
    ----------
    method : str
        Its name.
    x : array, float, or tree
        The point; None if the method failed with an error.
    f : float
        The value.
    iterations : int or None
        Iterations, where the method counts them.
    evaluations, gradients : int
        Evaluations of the function, and of its exact gradient.
    by_differences : int or None
        Evaluations that SciPy's method takes with differences; None if it needs a gradient.
    success : bool
        Whether the method converged.
    message : str
        Why it ended.
    """

    method: str
    x: Any
    f: float
    iterations: int | None
    evaluations: int
    gradients: int
    by_differences: int | None
    success: bool
    message: str

    @property
    def saved(self) -> int | None:
        """Return how many evaluations exact derivatives save; None where nothing is compared."""
        if self.by_differences is None or self.method.lower() in _WITHOUT_GRADIENT:
            return None
        return self.by_differences - self.evaluations


@dataclass(frozen=True, repr=False)
class Comparison(Sequence[MethodRow]):
    """The rows of `compare`, one a method; `str` gives the table.

    Attributes
    ----------
    rows : tuple of MethodRow
        The rows in the order of the methods.
    remarks : tuple of str
        Which methods did not converge, failed, or found another minimum.
    scale : float
        The largest number of the first point and of those found, by which x is rounded.
    """

    rows: tuple[MethodRow, ...]
    remarks: tuple[str, ...]
    scale: float = 1.0

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Any) -> Any:
        """Return the row of a method, by its name or its place."""
        if isinstance(key, str):
            by_name = {row.method.lower(): row for row in self.rows}
            return by_name[key.lower()]
        return self.rows[key]

    def __repr__(self) -> str:
        return f"<comparison of {len(self.rows)} methods, {len(self.remarks)} remarks>"

    def __str__(self) -> str:
        cells = [_HEADINGS, *(_cells(row, self.scale) for row in self.rows)]
        widths = [max(width_of(row[place]) for row in cells) for place in range(len(_HEADINGS))]
        lines = [
            "  ".join(
                left_aligned(cell, width) if place < 2 else right_aligned(cell, width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in cells
        ]
        return "\n".join([*lines, *self.remarks])

    def _repr_html_(self) -> str | None:
        rows = [_cells(row, self.scale) for row in self.rows]
        return html_of(TextTable(_HEADINGS, rows, below=self.remarks))


@boundary
def compare(
    f: Callable[..., Any],
    x0: Any,
    methods: Sequence[str] | None = None,
    args: Any = (),
    **options: Any,
) -> Comparison:
    """Minimise a function by every method; print and return what each finds, and its cost.

    Each method runs twice: with the exact derivatives, and as SciPy runs it, with differences.
    The table has the evaluations of both, and how many the exact derivatives save.

    Parameters
    ----------
    f : callable
        ``f(x, *args)``, which returns a number.
    x0 : number, array or tree of arrays
        The first point.
    methods : sequence of str or None
        Names of methods of `minimize`; None for all that need no more than `f`.
    args : tuple
        Further arguments of `f`.
    **options
        Options of `minimize`, such as ``tol`` or ``bounds``.

    Returns
    -------
    Comparison
        The rows; ``result["bfgs"].evaluations``, for instance. Notebooks show it as a table.

    Raises
    ------
    Exception
        That of `f`, if all methods fail.

    Examples
    --------
    >>> result = compare(lambda x: x[0] ** 2 - 4 * x[0] + 8, 1.3, ["nelder-mead", "bfgs"])
    method       x  f  iterations  evaluations  gradients  by differences  saved
    nelder-mead  2  4          16           32          0              32      -
    bfgs         2  4           2            3          3               6      3
    >>> result["bfgs"].saved
    3
    """
    args = args if isinstance(args, tuple) else (args,)
    rows: list[MethodRow] = []
    errors: list[Exception] = []
    for method in methods or _METHODS:
        try:
            rows.append(_row(f, x0, method, args, options))
        except Exception as error:  # noqa: BLE001 (the user's; shown, or raised if all fail)
            errors.append(error)
            reason = f"{type(error).__name__}: {error}"
            rows.append(MethodRow(method, None, float("nan"), None, 0, 0, None, False, reason))
    if errors and len(errors) == len(rows):
        raise errors[0]
    scale = _largest([x0, *(row.x for row in rows if row.x is not None)])
    result = Comparison(tuple(rows), tuple(_remarks(rows, scale)), scale)
    print(result)  # noqa: T201 (what it is for)
    return result


def _row(
    f: Callable[..., Any], x0: Any, method: str, args: tuple[Any, ...], options: dict[str, Any]
) -> MethodRow:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optimize.OptimizeWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.filterwarnings("ignore", "delta_grad == 0.0", UserWarning)
        found = minimize(f, x0, args, method, **options)
        count = None
        if method.lower() not in _NEED_GRADIENT:
            flat = FlatFunction("compare", f, x0, args)

            def plain(x: Any) -> Any:
                return f(flat.restored(x), *args)

            differences: Any = optimize.minimize
            count = int(differences(plain, flat.start, method=method, **options).nfev)
    value = float(np.reshape(found.fun, -1)[0])
    uses_gradient = method.lower() not in _WITHOUT_GRADIENT
    gradients = int(found.get("njev", found.nfev)) if uses_gradient else 0
    iterations = found.get("nit")
    return MethodRow(
        method, found.x, value, None if iterations is None else int(iterations), int(found.nfev),
        gradients, count, bool(found.success), str(found.message),
    )  # fmt: skip


def _remarks(rows: list[MethodRow], scale: float) -> Iterator[str]:
    """Say which methods failed, did not converge, or disagree with the lowest value found."""
    for row in rows:
        if row.x is None:
            yield f"{row.method} failed: {row.message}"
        elif not row.success:
            yield f"{row.method} did not converge: {row.message}"
    groups: list[list[MethodRow]] = []
    for row in sorted((row for row in rows if row.success), key=lambda row: row.f):
        same = [group for group in groups if _is_same(group[0], row)]
        if same:
            same[0].append(row)
        else:
            groups.append([row])
    if len(groups) > 1:
        found = (
            f"f is {group[0].f:.6g} at {_short(group[0].x, scale)} by "
            + ", ".join(each.method for each in group)
            for group in groups
        )
        yield "the methods disagree: " + "; ".join(found)


def _is_same(first: MethodRow, second: MethodRow) -> bool:
    """Whether two methods found one minimum, as far as the tolerances of methods go."""
    close = abs(first.f - second.f) <= 1e-5 * (1 + abs(first.f))
    return close and np.allclose(_numbers(first.x), _numbers(second.x), rtol=0.02, atol=0.02)


def _largest(points: list[Any]) -> float:
    """Return the largest size of a number in points, or 1."""
    numbers = np.abs(np.concatenate([_numbers(each) for each in points]))
    return float(np.max(numbers, where=np.isfinite(numbers), initial=0.0)) or 1.0


def _numbers(x: Any) -> Any:
    return FlatFunction("compare", _numbers, x).start


def _cells(row: MethodRow, scale: float) -> tuple[str, ...]:
    if row.x is None:
        return (row.method, "failed", *["-"] * (len(_HEADINGS) - 2))
    counts = (row.iterations, row.evaluations, row.gradients, row.by_differences, row.saved)
    cells = ("-" if each is None else str(each) for each in counts)
    return (
        row.method + ("" if row.success else " *"),
        _short(row.x, scale),
        f"{row.f:.6g}",
        *cells,
    )


def _short(x: Any, scale: float) -> str:
    """Return a point in few letters; what is 0 to six digits of the scale is 0."""
    digits = 6 - int(np.floor(np.log10(scale)))
    numbers = [f"{round(float(each), digits) + 0:.5g}" for each in _numbers(x)]
    if len(numbers) == 1:
        return numbers[0]
    if len(numbers) > 4:
        numbers = [*numbers[:2], "...", numbers[-1]]
    return f"[{', '.join(numbers)}]"

"""The result of a curve fit: SciPy's tuple, a table of the parameters, and a confidence band."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from chainrule.arguments.checks import Range, checked_number
from chainrule.console import left_aligned, right_aligned, width_of
from chainrule.rich_display import TextTable, html_of
from chainrule.science.optimize.fits.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FitReport", "FitResult"]

Array = NDArray[np.float64]

_LEVEL = Range("a number between 0 and 1", lambda x: 0 < x < 1)
_HEADINGS = ("parameter", "value", "standard error", "relative", "95 % interval")


@dataclass(frozen=True)
class FitReport:
    """What a fit knows besides the results that are unpacked."""

    model: Model
    parameters: Array
    covariance: Array
    x: Any
    y: Any
    residuals: Array
    message: str
    method: str
    is_sigma_known: bool


class FitResult(tuple[Any, ...]):  # noqa: SLOT001 (tuples take no slots besides)
    """``popt, pcov`` of a curve fit, or SciPy's five results, with a table and a plot.

    Attributes
    ----------
    popt : array, float, (n,), or tree
        The parameters.
    pcov : array, float, (n, n)
        Their covariance, in the order of `names`.
    names : list of str
        Names of the parameters, from the signature of the model or the tree.
    errors : array, float, (n,)
        Standard errors.
    degrees_of_freedom : int
        Number of data minus number of parameters.
    chi_squared : float
        Σ ((f(xᵢ) - yᵢ) / σᵢ)².
    r_squared : float
        1 - Σ (f(xᵢ) - yᵢ)² / Σ (yᵢ - ȳ)².
    xdata, ydata : array
        The data of the fit.
    method, message : str
        The method, and why it ended.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.science import curve_fit
    >>> def line(x, slope, level):
    ...     return slope * x + level
    >>> curve_fit(line, [0.0, 1.0, 2.0, 3.0], [1.1, 2.9, 5.1, 6.9])
    curve_fit: line by lm, 4 points, 2 parameters
      parameter  value  standard error  relative    95 % interval
      slope       1.96         0.05657     2.9 %   1.717 to 2.203
      level       1.06          0.1058      10 %  0.6047 to 1.515
      R² 0.99834, χ² / degrees of freedom 0.032 / 2 = 0.016
    """

    _report: FitReport

    def __new__(cls, results: Sequence[Any], report: FitReport) -> FitResult:
        """Make the tuple of what is unpacked."""
        made = tuple.__new__(cls, results)
        made._report = report
        return made

    @property
    def popt(self) -> Any:
        """The parameters."""
        return self[0]

    @property
    def pcov(self) -> Array:
        """The covariance of the parameters."""
        return self[1]

    @property
    def names(self) -> list[str]:
        """The names of the parameters."""
        return list(self._report.model.names)

    @property
    def errors(self) -> Array:
        """Standard errors of the parameters."""
        return np.sqrt(np.diag(self._report.covariance))

    @property
    def method(self) -> str:
        """The method of the fit."""
        return self._report.method

    @property
    def message(self) -> str:
        """Why the method ended."""
        return self._report.message

    @property
    def xdata(self) -> Any:
        """Where the data were measured."""
        return self._report.x

    @property
    def ydata(self) -> Array:
        """The data."""
        return np.asarray(self._report.y, float)

    @property
    def degrees_of_freedom(self) -> int:
        """Number of data minus number of parameters."""
        return self._report.residuals.size - self._report.parameters.size

    @property
    def chi_squared(self) -> float:
        """The sum of squares of the weighted residuals."""
        return float(np.sum(np.square(self._report.residuals)))

    @property
    def r_squared(self) -> float:
        """The share of the variance of the data that the model explains; NaN for constant data."""
        y, fitted = np.broadcast_arrays(self.ydata, self.predict(self.xdata))
        total = float(np.nansum((y - np.nanmean(y)) ** 2))
        return 1 - float(np.nansum((y - fitted) ** 2)) / total if total else float("nan")

    def predict(self, x: Any) -> Array:
        """Return the model with the parameters of the fit.

        Parameters
        ----------
        x : array, float, or what the model takes
            Where to evaluate it.

        Returns
        -------
        array, float
            The values.
        """
        x = np.asarray(x, float) if isinstance(x, list | tuple | np.ndarray) else x
        return np.asarray(self._report.model.spread(x, *self._report.parameters), float)

    def band(self, x: Any, level: float = 0.95) -> tuple[Array, Array]:
        """Return the confidence band of the curve, by the delta method.

        The variance of f(x, p) is g pcov gᵀ, where g is the exact gradient of f by the parameters.

        Parameters
        ----------
        x : array, float, or what the model takes
            Where to evaluate it.
        level : float in (0, 1)
            The probability with which the band contains the curve at a point.

        Returns
        -------
        lower, upper : array, float
            The band.

        Raises
        ------
        ArgumentError
            If `level` is not between 0 and 1.

        References
        ----------
        Seber & Wild (2003), "Nonlinear Regression", section 5.1.
        """
        factor = self._factor(checked_number("band", "level", level, _LEVEL))
        x = np.asarray(x, float) if isinstance(x, list | tuple | np.ndarray) else x
        values = self.predict(x)
        J = self._report.model.jacobian(x, self._report.parameters)
        # A parameter on which the curve does not depend here adds nothing, however uncertain.
        with np.errstate(invalid="ignore"):
            terms = J @ np.nan_to_num(self._report.covariance, posinf=np.inf) * J
        variance = np.sum(np.where(J == 0, 0.0, terms), axis=1)
        half = factor * np.sqrt(np.maximum(variance, 0)).reshape(values.shape)
        return values - half, values + half

    def plot(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        level: float = 0.95,
        axes: Axes | None = None,
    ) -> Figure:
        """Plot the data, the curve and its confidence band: `chainrule.plot.fit` of this result.

        Parameters
        ----------
        path : str, path or None
            File to save the figure to, ending in .png, .svg or .pdf.
        level : float in (0, 1)
            The probability of the band.
        axes : matplotlib.axes.Axes or None
            Axes to plot into; None creates a figure.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        DataError, ArgumentError, ImportError
            As `chainrule.plot.fit` does.
        """
        from chainrule.insight import plot

        return plot.fit(self, path, level=level, axes=axes)

    def _factor(self, level: float) -> float:
        """Return the quantile: of Student's t, or the normal one where σ is known."""
        quantile = 0.5 + 0.5 * level
        if self._report.is_sigma_known:
            return float(special.ndtri(quantile))
        if self.degrees_of_freedom < 1:
            return float("inf")
        return float(special.stdtrit(self.degrees_of_freedom, quantile))

    def _rows(self) -> list[tuple[str, ...]]:
        factor = self._factor(0.95)
        rows: list[tuple[str, ...]] = []
        for name, value, error in zip(
            self.names, self._report.parameters, self.errors, strict=True
        ):
            share = _percent(100 * abs(error / value)) if value else "–"
            half = factor * error
            between = f"{value - half:.4g} to {value + half:.4g}" if np.isfinite(half) else "–"
            rows.append((name, f"{value:.7g}", f"{error:.4g}", share, between))
        return rows

    def _summary(self) -> str:
        freedom, squares = self.degrees_of_freedom, self.chi_squared
        ratio = f" = {squares / freedom:.4g}" if freedom > 0 else ""
        share = self.r_squared
        known = f"{share:.5g}" if np.isfinite(share) else "–"
        return f"R² {known}, χ² / degrees of freedom {squares:.4g} / {freedom}{ratio}"

    def _title(self) -> str:
        report = self._report
        points, count = np.size(report.residuals), report.parameters.size
        return (
            f"curve_fit: {report.model.name} by {report.method}, {points} points, "
            f"{count} parameter{'s' if count != 1 else ''}"
        )

    def __repr__(self) -> str:
        rows = [_HEADINGS, *self._rows()]
        widths = [max(width_of(row[place]) for row in rows) for place in range(len(_HEADINGS))]
        lines = [
            "  "
            + left_aligned(row[0], widths[0])
            + "".join(
                "  " + right_aligned(cell, width)
                for cell, width in zip(row[1:], widths[1:], strict=True)
            )
            for row in rows
        ]
        return "\n".join([self._title(), *lines, f"  {self._summary()}"])

    def _repr_html_(self) -> str | None:
        lines = [self._title()], [self._summary()]
        return html_of(TextTable(_HEADINGS, self._rows(), *lines))


def _percent(share: float) -> str:
    if not np.isfinite(share):
        return "–"
    return (
        f"{share:.2g} %" if share < 100 else f"{share:.0f} %" if share < 1e6 else f"{share:.1e} %"
    )

"""The result of a sweep: a table of its fits, means and standard errors, and the best network."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import as_position, bad_argument, shown
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, MissingKeyError, counted
from chainrule.train.network import Network
from chainrule.train.sweep.fit_table import Column, columns_of, mean_and_error, ranked_lines
from chainrule.train.sweep.halving import rank
from chainrule.train.sweep.settings import Setting, described
from chainrule.train.sweep.training import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SweepResult"]


@answers_foreign_names(PLOT_ALIASES)
class SweepResult(Mapping[str, Column]):
    """The fits of a sweep as a table: a mapping of names to columns, one row a fit.

    The columns are those of the settings, ``seed``, ``fold``, loss and metrics, ``epochs``,
    ``seconds`` and ``status``: "finished", "stopped" where other settings were better after fewer
    epochs, or "diverged" where the loss has become NaN or infinite.

    Attributes
    ----------
    metric : str
        The quantity by which settings are compared.
    is_interrupted : bool
        Whether Ctrl-C has ended the sweep before all fits were finished.
    """

    def __init__(
        self,
        outcomes: Sequence[Outcome],
        metric: str,
        is_maximized: bool,
        trained: Callable[[Outcome], Network],
        has_folds: bool = False,
        is_interrupted: bool = False,
    ) -> None:
        self.metric, self.is_interrupted = metric, is_interrupted
        self._is_maximized, self._trained = is_maximized, trained
        self._outcomes = sorted(outcomes, key=lambda each: each.fit.number)
        self._columns = columns_of(self._outcomes, metric, has_folds)

    def __getitem__(self, name: str) -> Column:
        if name not in self._columns:
            raise MissingKeyError(
                f"the sweep has no column {shown(name)}; it has {', '.join(self._columns)}"
            )
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def summary(self) -> dict[str, Column]:
        """The settings, best first: mean of the metric, its standard error, and how many networks.

        The standard error is that over seeds and folds, s / √n; NaN for a single network.
        """
        rows = [self._summary_row(index) for index in self._order()]
        names = list(dict.fromkeys(name for row in rows for name in row))
        return {name: [row.get(name) for row in rows] for name in names}

    @property
    def best_setting(self) -> Setting:
        """The setting with the best mean of the metric, among those trained longest."""
        return dict(self._best_outcome.fit.setting)

    @property
    def best(self) -> Network:
        """The best network of the best setting, trained.

        Raises
        ------
        ArgumentError
            If all networks have diverged.
        """
        return self.network(self._outcomes.index(self._best_outcome))

    def network(self, row: int) -> Network:
        """Return the trained network of a row of the table.

        Parameters
        ----------
        row : int in [0, rows)
            Its row.

        Returns
        -------
        Network
            It has the bits of one trained alone by `Network.fit`.

        Raises
        ------
        ArgumentError
            If there is no such row.
        """
        position = as_position(row)
        if position is None or not 0 <= position < len(self._outcomes):
            rule = f"an integer from 0 to {len(self._outcomes) - 1}"
            raise bad_argument("network", "row", row, rule)
        outcome = self._outcomes[position]
        if outcome.net is None:
            outcome.net = self._trained(outcome)
        return outcome.net

    def dataframe(self) -> Any:
        """Return the table as a data frame of pandas.

        Returns
        -------
        pandas.DataFrame
            One row a fit.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "dataframe: it needs the package pandas, which is not installed; dict(result) has "
                "the same columns"
            ) from error
        return pd.DataFrame(self._columns)

    def plot(self, path: str | os.PathLike[str] | None = None, *, axes: Any = None) -> Figure:
        """Plot the metric of each setting: networks as points, means with standard errors.

        Parameters
        ----------
        path : str, path or None
            File to save the figure to, ending in .png, .svg or .pdf.
        axes : matplotlib.axes.Axes or None
            Axes to plot into; None creates a figure.

        Returns
        -------
        matplotlib.figure.Figure
            The figure; along a logarithmic axis where one setting of numbers varies widely.

        Raises
        ------
        ArgumentError, ImportError
            For another format, and if matplotlib, the extra ``plot``, is not installed.
        """
        from chainrule.insight.plots.sweep import draw_sweep

        return draw_sweep(self, path, axes)

    def plot_boundaries(
        self, X: Any, y: Any, path: str | os.PathLike[str] | None = None, *, columns: int = 4
    ) -> Figure:
        """Plot the decision boundary of the best network of each setting, side by side.

        Parameters
        ----------
        X : array, (n, features)
            Samples.
        y : array, (n,)
            Their classes.
        path : str, path or None
            File to save the figure to, ending in .png, .svg or .pdf.
        columns : int >= 1
            Panels in a row.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ArgumentError, DataError, ImportError
            As `chainrule.plot.decision_boundary` does.
        """
        from chainrule.insight.plots.sweep import draw_boundaries

        return draw_boundaries(self, X, y, path, columns)

    def rows_of_settings(self) -> dict[int, list[int]]:
        """Return the rows of each setting, in the order of the settings.

        Returns
        -------
        dict of int to list of int
            Rows by number of the setting.
        """
        rows: dict[int, list[int]] = {}
        for row, each in enumerate(self._outcomes):
            rows.setdefault(each.fit.index, []).append(row)
        return rows

    def setting(self, row: int) -> Setting:
        """Return the setting of a row of the table.

        Parameters
        ----------
        row : int in [0, rows)
            A row.

        Returns
        -------
        dict
            Values by name.
        """
        return dict(self._outcomes[row].fit.setting)

    def best_row(self, rows: Sequence[int]) -> int:
        """Return the row, among some, whose network has the best value of the metric.

        Parameters
        ----------
        rows : sequence of int
            Rows of the table.

        Returns
        -------
        int
            One of them.
        """
        values = self._columns[self.metric]
        return min(rows, key=lambda row: rank([values[row]], self._is_maximized))

    def _order(self) -> list[int]:
        """The settings, those trained longest first, then by mean."""
        by_setting = self.rows_of_settings()

        def key(index: int) -> tuple[int, float]:
            rows = by_setting[index]
            values = [self._columns[self.metric][row] for row in rows]
            reached = max(self._outcomes[row].rung for row in rows)
            return -reached, rank(values, self._is_maximized)

        return sorted(by_setting, key=key)

    @property
    def _best_outcome(self) -> Outcome:
        rows = self.rows_of_settings()[self._order()[0]]
        outcome = self._outcomes[self.best_row(rows)]
        if outcome.is_diverged:
            raise ArgumentError(
                "sweep: there is no best network, as the loss of each setting has become NaN or "
                "infinite; lower the learning rates"
            )
        return outcome

    def _summary_row(self, index: int) -> dict[str, Any]:
        rows = self.rows_of_settings()[index]
        values = [self._columns[self.metric][row] for row in rows]
        mean, error = mean_and_error(values)
        return {
            **self.setting(rows[0]), self.metric: mean, "standard_error": error,
            "networks": len(rows), "epochs": max(self._columns["epochs"][row] for row in rows),
        }  # fmt: skip

    def __repr__(self) -> str:
        order, rows, fits = self._order(), self.rows_of_settings(), len(self._outcomes)
        end = ", interrupted" if self.is_interrupted else ""
        title = f"<sweep of {counted(len(order), 'setting')}, {counted(fits, 'fit')}"
        names = [described(self.setting(rows[index][0])) for index in order]
        lines = ranked_lines(names, self.summary[self.metric], self.summary["standard_error"])
        return "\n".join([f"{title}, by {self.metric}{end}", *lines]) + ">"

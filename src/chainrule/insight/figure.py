"""Matplotlib figures: one style, through pyplot only where it is in use, files written atomically.

A figure is one of pyplot's, so that ``plt.title`` and ``plt.show`` apply to it, if the program has
imported ``matplotlib.pyplot`` and asks for no file. Otherwise it belongs to its caller alone.
"""

from __future__ import annotations

import functools
import io
import os
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.arguments.checks import bad_argument
from chainrule.errors import ArgumentError, counted
from chainrule.insight.animation import is_animation
from chainrule.insight.dark_figures import adapt_to_dark
from chainrule.insight.fonts import cover_letters
from chainrule.storage import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["DOTS_PER_INCH", "File", "check_has", "drawing", "panels", "root_figure", "save"]

File = str | os.PathLike[str] | None
"""Where a plot is written; None writes nothing."""

DOTS_PER_INCH = 150
"""Resolution of PNG files: 900 pixels for a figure of 6 inches."""

_STYLE: dict[Any, Any] = {
    "font.size": 11.0,
    "text.color": "#222222",
    "axes.facecolor": "white",
    "axes.titlesize": 12.0,
    "axes.titleweight": "bold",
    "axes.titlecolor": "auto",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "axes.labelcolor": "#222222",
    "axes.grid": False,
    "axes.axisbelow": True,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "grid.color": "#E4E4E4",
    "legend.frameon": False,
    "image.origin": "upper",
    "image.interpolation": "nearest",
    "savefig.facecolor": "white",
    # Text stays text, so that an embedded SVG is searchable and accessible.
    "svg.fonttype": "none",
}

_FORMATS = ("png", "svg", "pdf")


def check_has(function: str, argument: str, value: Any, attribute: str, what: str) -> None:
    """Raise unless an object has the attribute that a plot reads."""
    if isinstance(value, type) or not hasattr(value, attribute):
        raise bad_argument(function, argument, value, what)


@contextmanager
def drawing(
    axes: Axes | None, path: File, size: tuple[float, float], may_move: bool = False
) -> Generator[Axes]:
    """Yield axes to draw on, in the library's style, and save the figure on exit."""
    with panels(axes, path, size, may_move=may_move) as (panel,):
        yield panel


@contextmanager
def panels(
    axes: Any,
    path: File,
    size: tuple[float, float],
    columns: int = 1,
    heights: Sequence[float] = (1,),
    shares_x: bool = True,
    may_move: bool = False,
) -> Generator[list[Axes]]:
    """Yield several axes: the given ones, or new ones by row, each row with its relative height.

    New ones of several rows have one range of x unless `shares_x` is False. With `may_move` the
    path may be that of an animation, which the caller saves.
    """
    mpl = _matplotlib()
    is_moving = may_move and is_animation(path)
    if path is not None and not is_moving:
        _format_of(path)
    given = _checked_axes(axes, columns * len(heights))
    # Before the style: the first figure selects pyplot's backend, which changes settings.
    figure = root_figure(given[0]) if given else _new_figure(size, shown_later=path is None)
    with mpl.rc_context(_STYLE):
        if not given:
            grid = {"height_ratios": heights}
            shares_x = shares_x and len(heights) > 1
            drawn: Any = figure.subplots(
                len(heights), columns, squeeze=False, sharex=shares_x, gridspec_kw=grid
            )
            given = list(drawn.ravel())
        yield given
        cover_letters(given)
        if axes is not None:
            adapt_to_dark(given, figure)
        if path is not None and not is_moving:
            save(figure, path)
    _show_once(figure)


def root_figure(axes: Axes) -> Figure:
    """Return the top-level figure of axes."""
    figure: Any = axes.get_figure(root=True)
    assert figure is not None, "axes that were removed from their figure"
    return figure


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as PNG, SVG or PDF, by the extension of the path."""
    extension = _format_of(path)
    # No date: the same data give the same file.
    metadata = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[extension]
    content = io.BytesIO()
    figure.savefig(content, format=extension, dpi=DOTS_PER_INCH, metadata=metadata)
    write_atomically(path, content.getvalue())


def _matplotlib() -> Any:
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise ImportError(
            "plot: figures need matplotlib, which is not installed; "
            "run: pip install 'chainrule[plot]'"
        ) from error
    return mpl


def _checked_axes(axes: Any, count: int) -> list[Axes]:
    if axes is None:
        return []
    many = isinstance(axes, list | tuple | np.ndarray)
    given: list[Any] = list(np.ravel(np.array(axes, object))) if many else [axes]
    if many and len(given) != count:
        raise ArgumentError(
            f"plot: axes has {counted(len(given), 'axis')}; this plot has {count}: give as many, "
            "or one"
        )
    for each in given:
        check_has("plot", "axes", each, "imshow", "axes of matplotlib, or None")
    return given


def _new_figure(size: tuple[float, float], shown_later: bool) -> Figure:
    """Return an empty figure: of pyplot, which retains it and shows it, or of the caller alone."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    # A figure for a file is complete: retained, a loop over files would fill the memory. Windows
    # belong to the main thread.
    is_main = threading.current_thread() is threading.main_thread()
    if pyplot is None or not shown_later or not is_main or not hasattr(pyplot, "figure"):
        from matplotlib.figure import Figure

        return Figure(figsize=size, layout="constrained", facecolor="white")
    if pyplot.get_fignums() and not pyplot.gcf().get_children()[1:]:
        return pyplot.gcf()  # as made by plt.figure(figsize=...), and still empty
    return pyplot.figure(figsize=size, layout="constrained", facecolor="white")


def _format_of(path: str | os.PathLike[str]) -> str:
    if not isinstance(path, str | os.PathLike):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise bad_argument("plot", "path", path, "a path ending in .png, .svg or .pdf, or None")
    extension = Path(path).suffix.lower().removeprefix(".")
    if extension not in _FORMATS:
        raise ArgumentError(
            f"plot: {os.fspath(path)!r} has no supported file extension; use .png, .svg or .pdf"
        )
    return extension


# ----------------------------------------------------------------------------------- notebooks


def _show_once(figure: Any) -> None:
    """Let notebooks show a figure once, also where pyplot was never imported.

    Without this, IPython shows the figure that a cell returns, and at the end of the cell the same
    figure among those that pyplot has open.
    """
    if "IPython" in sys.modules:
        figure._ipython_display_ = functools.partial(_forget_by_pyplot, figure)
        figure._repr_png_ = functools.partial(_as_png, figure)


def _forget_by_pyplot(figure: Any) -> None:
    """Close a figure which IPython is about to show, in place of the end of its cell."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and "inline" in pyplot.get_backend():
        pyplot.close(figure)
    raise NotImplementedError  # "not shown here": IPython goes on to the next formatter


def _as_png(figure: Any) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", bbox_inches="tight")
    return content.getvalue()

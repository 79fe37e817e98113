"""Matplotlib figures: one style, no window, files written atomically."""

from __future__ import annotations

import io
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.arguments.checks import bad_argument
from chainrule.errors import ArgumentError
from chainrule.storage import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["DOTS_PER_INCH", "check_has", "drawing", "root_figure", "save"]

DOTS_PER_INCH = 150
"""Resolution of PNG files: 900 pixels for a figure of 6 inches."""

_STYLE: dict[Any, Any] = {
    "font.size": 11.0,
    "axes.titlesize": 12.0,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "axes.labelcolor": "#222222",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "grid.color": "#E4E4E4",
    "legend.frameon": False,
    "figure.facecolor": "white",
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
    axes: Axes | None, path: str | os.PathLike[str] | None, size: tuple[float, float]
) -> Generator[Axes]:
    """Yield axes to draw on, in the library's style, and save the figure on exit."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "plot: figures need matplotlib, which is not installed; "
            "run: pip install 'chainrule[plot]'"
        ) from error
    if path is not None:
        _format_of(path)
    if axes is not None:
        check_has("plot", "axes", axes, "imshow", "axes of matplotlib, or None")
    with mpl.rc_context(_STYLE):
        if axes is None:
            # Not by pyplot, which retains every figure and may open a window.
            axes = Figure(figsize=size, layout="constrained").add_subplot()
        yield axes
        if path is not None:
            save(root_figure(axes), path)


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


def _format_of(path: str | os.PathLike[str]) -> str:
    if not isinstance(path, str | os.PathLike):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise bad_argument("plot", "path", path, "a path ending in .png, .svg or .pdf, or None")
    extension = Path(path).suffix.lower().removeprefix(".")
    if extension not in _FORMATS:
        raise ArgumentError(
            f"plot: {os.fspath(path)!r} has no supported file extension; use .png, .svg or .pdf"
        )
    return extension

"""How every picture is made: one look, no window, whole files."""

from __future__ import annotations

import io
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import ArgumentError
from chainrule.storage import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["DOTS_PER_INCH", "drawing", "save", "whole_figure"]

DOTS_PER_INCH = 150
"""Sharp at the width of a README, about 900 pixels for a picture of 6 inches."""

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
    # Letters stay letters, so that a picture in a page can be searched and read aloud.
    "svg.fonttype": "none",
}

_FORMATS = ("png", "svg", "pdf")


@contextmanager
def drawing(
    axes: Axes | None, path: str | os.PathLike[str] | None, size: tuple[float, float]
) -> Generator[Axes]:
    """Give axes to draw on, in the look of this library; save the picture afterwards."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "plot: pictures are drawn by matplotlib, which is not installed; "
            "run: pip install 'chainrule[plot]'"
        ) from error
    if path is not None:
        _format_of(path)
    with mpl.rc_context(_STYLE):
        if axes is None:
            # Not through pyplot: it would keep the figure for ever and may open a window.
            axes = Figure(figsize=size, layout="constrained").add_subplot()
        yield axes
        if path is not None:
            save(whole_figure(axes), path)


def whole_figure(axes: Axes) -> Figure:
    """Return the figure that axes stand on."""
    figure: Any = axes.get_figure(root=True)
    assert figure is not None, "axes that were removed from their figure"
    return figure


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as PNG, SVG or PDF, as the end of the name says."""
    kind = _format_of(path)
    # No date: the same numbers give the same file.
    metadata = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=DOTS_PER_INCH, metadata=metadata)
    write_atomically(path, content.getvalue())


def _format_of(path: str | os.PathLike[str]) -> str:
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in _FORMATS:
        raise ArgumentError(
            f"plot: {os.fspath(path)!r} does not end in a format that can be written; "
            "use .png, .svg or .pdf"
        )
    return ending

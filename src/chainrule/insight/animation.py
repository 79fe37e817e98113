"""Animations: frames of one figure, written as a GIF."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.insight.fonts import cover_letters
from chainrule.storage import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ANIMATED", "is_animation", "save_animation"]

ANIMATED = "gif"
"""The extension of files that hold an animation."""

_MOST_FRAMES = 60
_DOTS_PER_INCH = 80
_DURATION, _LAST = 150, 2000
"""How long a frame is shown, and the last one, in milliseconds."""


def is_animation(path: Any) -> bool:
    """Return whether a path names an animation."""
    return isinstance(path, str | os.PathLike) and Path(path).suffix.lower() == f".{ANIMATED}"


def save_animation(
    figure: Figure, path: Any, steps: int, shows: Sequence[Callable[[int], None]]
) -> None:
    """Write a frame for each step, which all of `shows` are called with.

    Of many steps some at equal distances are taken.
    """
    from PIL import Image  # matplotlib needs it, so that it is there

    def show(step: int) -> None:
        for each in shows:
            each(step)

    cover_letters(figure.axes)
    show(steps)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # nothing moves but what `show` moves
    frames = list[Any]()
    for step in np.unique(np.linspace(0, steps, min(steps + 1, _MOST_FRAMES)).astype(int)):
        show(int(step))
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=_DOTS_PER_INCH)
        content.seek(0)
        frames.append(Image.open(content).convert("RGB").quantize(128))
    durations = [_DURATION] * (len(frames) - 1) + [_LAST]
    whole = io.BytesIO()
    frames[0].save(
        whole, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0
    )
    write_atomically(path, whole.getvalue())

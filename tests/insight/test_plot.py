"""Plots: contents of the axes, files, and no side effects on matplotlib."""

import builtins
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError
from chainrule.insight import plot

COURSE = {"loss": [2.0, 1.0, 0.5], "val_loss": [2.1, 1.2, 0.8], "seconds": [0.1, 0.1, 0.1]}


@pytest.mark.parametrize(
    ("extension", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_the_extension_selects_the_format_and_equal_data_give_equal_files(
    tmp_path: Path, extension: str, start: bytes
) -> None:
    for name in ("first", "second"):
        plot.history(COURSE, tmp_path / f"{name}.{extension}")
    content = (tmp_path / f"first.{extension}").read_bytes()
    assert content.startswith(start)
    if extension != "svg":  # its identifiers are random
        assert content == (tmp_path / f"second.{extension}").read_bytes()


def test_an_unknown_format_is_refused_before_plotting(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"use \.png, \.svg or \.pdf"):
        plot.history(COURSE, tmp_path / "loss.bmp")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="folder does not exist"):
        plot.history(COURSE, tmp_path / "nowhere" / "loss.png")


def test_several_plots_may_share_a_figure(bands: Any, points: Any, tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plot.history(COURSE, axes=left) is figure
    assert plot.decision_boundary(bands, *points, tmp_path / "both.png", axes=right) is figure
    assert (tmp_path / "both.png").stat().st_size > 10_000


def test_without_matplotlib_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "matplotlib":
            raise ImportError(f"No module named {name!r}")
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r"pip install 'chainrule\[plot\]'"):
        plot.history(COURSE)


def test_plotting_changes_neither_pyplot_nor_rcparams() -> None:
    program = (
        "import sys; from chainrule.insight import plot; assert 'matplotlib' not in sys.modules;"
        "import matplotlib; before = dict(matplotlib.rcParams);"
        "plot.history({'loss': [1.0]}); assert dict(matplotlib.rcParams) == before;"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=600)


def test_what_is_no_network_history_path_or_axes_is_refused() -> None:
    points = np.zeros((2, 2))
    for call, argument in (
        (lambda: plot.confusion(3, points, [0, 1]), "net is 3"),  # pyright: ignore[reportArgumentType]
        (lambda: plot.decision_boundary(None, points, [0, 1]), "net is None"),  # pyright: ignore[reportArgumentType]
        (lambda: plot.weights(3, "dense"), "net is 3"),  # pyright: ignore[reportArgumentType]
        (lambda: plot.history(3), "course is 3"),  # pyright: ignore[reportArgumentType]
        (lambda: plot.history(COURSE, 3), "path is 3"),  # pyright: ignore[reportArgumentType]
        (lambda: plot.history(COURSE, axes=3), "axes is 3"),  # pyright: ignore[reportArgumentType]
    ):
        with pytest.raises(ArgumentError, match=argument):
            call()


def test_the_gallery_shows_every_plot_in_small_pictures() -> None:
    page = Path(__file__).parents[2] / "docs" / "plots.md"
    text = page.read_text("utf-8")
    functions = [name for name in plot.__all__ if name != "Classifier"]
    assert [name for name in functions if f"cr.plot.{name}(" not in text] == []
    pictures = [page.parent / name for name in re.findall(r"\((pictures/[^)]+)\)", text)]
    sizes = [each.stat().st_size for each in pictures]
    assert max(sizes) < 60_000
    assert sum(sizes) < 20_000 * len(sizes)

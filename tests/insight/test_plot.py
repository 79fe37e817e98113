"""Plots: contents of the axes, files, and no side effects on matplotlib."""

import builtins
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot
from chainrule.train.history import History

COURSE = {"loss": [2.0, 1.0, 0.5], "val_loss": [2.1, 1.2, 0.8], "seconds": [0.1, 0.1, 0.1]}


def colours(image: Any) -> int:
    return len(np.unique(image.reshape(-1, 3), axis=0))


def has_colour(image: Any, colour: str) -> bool:
    rgb = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return bool((np.abs(image.astype(int) - rgb).max(axis=-1) <= 1).any())


# ------------------------------------------------------------------------------------- history


def test_both_curves_are_plotted_against_epochs_from_one() -> None:
    axes = plot.history(COURSE).axes[0]
    training, validation = axes.lines
    assert training.get_xydata().tolist() == [[1, 2.0], [2, 1.0], [3, 0.5]]
    assert validation.get_ydata().tolist() == COURSE["val_loss"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["training", "validation"]


def test_a_history_plots_itself(tmp_path: Path) -> None:
    course = History()
    course.append({"loss": 2.0})
    course.append({"loss": 1.0})
    figure = course.plot(tmp_path / "loss.png")
    (line,) = figure.axes[0].lines
    assert list(line.get_ydata()) == [2.0, 1.0]
    assert (tmp_path / "loss.png").stat().st_size > 0


def test_a_loss_over_several_decades_has_a_logarithmic_axis() -> None:
    assert plot.history({"loss": [1.0, 0.1, 0.001]}).axes[0].get_yscale() == "log"
    assert plot.history({"loss": [1.0, 0.5]}).axes[0].get_yscale() == "linear"
    assert plot.history({"loss": [1.0, 0.0]}).axes[0].get_yscale() == "linear"


def test_a_loss_figure_is_large_and_coloured(tmp_path: Path, pixels: Any) -> None:
    plot.history(COURSE, tmp_path / "loss.png")
    image = pixels(tmp_path / "loss.png")
    assert image.shape[0] > 400
    assert image.shape[1] > 800
    assert has_colour(image, "#0072B2")
    assert has_colour(image, "#E69F00")


@pytest.mark.parametrize("course", [{}, {"loss": []}, {"val_loss": [1.0]}])
def test_a_history_without_a_finished_epoch_is_refused(course: Any) -> None:
    with pytest.raises(DataError, match="no loss to plot; call fit"):
        plot.history(course)


# --------------------------------------------------------------------------- decision boundary


@pytest.mark.parametrize("kind", ["bands", "smooth_bands"])
def test_the_decision_boundary_is_where_the_class_changes(
    kind: str, points: Any, request: pytest.FixtureRequest
) -> None:
    axes = plot.decision_boundary(request.getfixturevalue(kind), *points).axes[0]
    lines = [path.vertices for each in axes.collections for path in _contours(each)]
    crossings = np.concatenate(lines)[:, 0]
    assert np.abs(crossings[:, None] - [0.0, 1.0]).min(axis=1).max() < 0.02
    assert {round(float(each)) for each in crossings} == {0, 1}


def test_a_single_sigmoid_output_gives_a_smooth_boundary() -> None:
    class Single:
        def predict_class(self, X: Any) -> Any:
            return (self.predict_proba(X)[:, 0] > 0.5).astype(int)

        def predict_proba(self, X: Any) -> Any:
            return 1 / (1 + np.exp(-4 * (X[:, :1] - X[:, 1:])))

    axes = plot.decision_boundary(Single(), [[0.0, 0.0], [1.0, 1.0]], [0, 1]).axes[0]
    (contour,) = [path for each in axes.collections for path in _contours(each)]
    np.testing.assert_allclose(*contour.vertices.T, atol=1e-6)


def _contours(collection: Any) -> Any:
    return [
        path for path in collection.get_paths() if type(collection).__name__ == "QuadContourSet"
    ]


def test_every_sample_has_the_marker_of_its_class(bands: Any, points: Any) -> None:
    X, y = points
    axes = plot.decision_boundary(bands, X, y[:, None]).axes[0]
    drawn = {
        each.get_label(): np.asarray(each.get_offsets())
        for each in axes.collections
        if type(each).__name__ == "PathCollection"
    }
    assert list(drawn) == ["0", "1", "2"]
    for label, offsets in drawn.items():
        np.testing.assert_array_equal(offsets, X[y == int(label)])


def test_classes_may_be_strings(points: Any, request: pytest.FixtureRequest) -> None:
    net = request.getfixturevalue("bands")
    net.names = np.array(["left", "middle", "right"])
    X, y = points
    legend = plot.decision_boundary(net, X, net.names[y]).axes[0].get_legend()
    assert [each.get_text() for each in legend.get_texts()] == ["left", "middle", "right"]


def test_one_class_has_no_boundary_and_one_sample_has_axis_limits(bands: Any) -> None:
    axes = plot.decision_boundary(bands, [[-5.0, 1.0]], [0]).axes[0]
    assert [each for each in axes.collections if _contours(each)] == []
    assert axes.get_xlim() == (-6.0, -4.0)


@pytest.mark.parametrize(
    ("X", "y"), [([[1.0, 2.0, 3.0]], [0]), ([[1.0, 2.0]], [0, 1]), (np.zeros((0, 2)), [])]
)
def test_data_without_two_features_is_refused(bands: Any, X: Any, y: Any) -> None:
    with pytest.raises(DataError, match=r"X must be \(n, 2\) and y \(n,\)"):
        plot.decision_boundary(bands, X, y)


# ----------------------------------------------------------------------------------- confusion


def test_the_confusion_figure_shows_every_count(bands: Any, points: Any) -> None:
    X, y = points
    axes = plot.confusion(bands, X, y).axes[0]
    written = {tuple(map(int, each.get_position())): int(each.get_text()) for each in axes.texts}
    predicted = bands.predict_class(X)
    for (column, row), count in written.items():
        assert count == np.sum((y == row) & (predicted == column))
    assert sum(written.values()) == 30
    assert axes.get_title() == "28 of 30 right (93.33 %)"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")


@pytest.mark.parametrize("classes", [2, 10])
def test_the_title_of_a_confusion_figure_fits(classes: int, tmp_path: Path) -> None:
    class Right:
        def predict_class(self, X: Any) -> Any:
            return np.asarray(X)[:, 0] % classes

    X = np.arange(20_000)[:, None]
    figure = plot.confusion(Right(), X, X[:, 0] % classes, tmp_path / "confusion.png")
    title = figure.axes[0].title.get_window_extent()
    assert title.x0 >= 0
    assert title.x1 <= figure.bbox.x1


def test_errors_are_orange_and_correct_predictions_are_not(
    bands: Any, points: Any, tmp_path: Path, pixels: Any
) -> None:
    X, y = points
    plot.confusion(bands, X, bands.predict_class(X), tmp_path / "perfect.png")
    plot.confusion(bands, X, y, tmp_path / "mistaken.png")
    perfect, mistaken = pixels(tmp_path / "perfect.png"), pixels(tmp_path / "mistaken.png")

    def is_orange(image: Any) -> Any:
        red, blue = image[..., 0].astype(int), image[..., 2].astype(int)
        return red - blue > 80

    assert not is_orange(perfect).any()
    assert is_orange(mistaken).mean() > 0.02
    assert colours(mistaken) > 50


# ------------------------------------------------------------------------------------- weights


def test_units_of_the_first_layer_are_plotted_as_images(bands: Any) -> None:
    axes = plot.weights(bands, "dense").axes[0]
    grid = axes.images[0].get_array()
    assert grid.shape == (3 * 9 - 1, 3 * 9 - 1)
    second = bands.params["dense.weight"][:, 1].reshape(8, 8)
    np.testing.assert_array_equal(grid[:8, 9:17], second)


def test_zero_is_the_centre_of_the_colour_map(bands: Any) -> None:
    image = plot.weights(bands, "dense.weight").axes[0].images[0]
    assert image.get_clim() == (-1.0, 1.0)


def test_weights_without_an_image_shape_are_plotted_as_a_matrix(bands: Any) -> None:
    bands.params = {"dense.weight": np.ones((5, 3)), "out.weight": np.eye(16, 2)}
    for name, shape in (("dense", (5, 3)), ("out", (16, 2)), ("out.weight", (16, 2))):
        assert plot.weights(bands, name).axes[0].images[0].get_array().shape == shape


def test_each_kernel_of_a_convolution_is_plotted(bands: Any) -> None:
    kernels = np.random.default_rng(0).normal(size=(3, 3, 2, 4))
    bands.params = {"conv2d.weight": kernels}
    axes = plot.weights(bands, "conv2d").axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array()[:3, 4:7], kernels[:, :, 1, 0])
    assert axes.get_title() == "conv2d.weight: 8 kernels, each on 3 × 3 inputs"


def test_an_unknown_layer_is_refused_with_the_known_parameters(bands: Any) -> None:
    with pytest.raises(ArgumentError, match=r"no 'dence'; the parameters are dense\.weight, "):
        plot.weights(bands, "dence")


def test_an_image_shape_that_does_not_fit_the_weights_is_refused(bands: Any) -> None:
    with pytest.raises(ArgumentError, match=r"image_shape is \(4, 4\), but .* \(64, 9\)"):
        plot.weights(bands, "dense", image_shape=(4, 4))


# --------------------------------------------------------------------------------------- files


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
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


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

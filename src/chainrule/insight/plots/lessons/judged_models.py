"""Trained models and samples: their errors, and what they make of a plane or a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule.data.columns import is_table, read_columns
from chainrule.errors import DataError, counted
from chainrule.insight.palette import COLOURS, MARKERS
from chainrule.insight.plots.classifier import as_rows, class_labels, predict_classes
from chainrule.insight.plots.decision_boundary import draw_regions, marker_area
from chainrule.insight.plots.decision_regions import classify_plane
from chainrule.insight.plots.plane import Plane, plane_of
from chainrule.train.network import Network, model_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["JudgedModels", "judged"]

Array = NDArray[Any]

_POINTS = 300  # of a curve


class JudgedModels(Protocol):
    """Samples that were trained on, and others, with what is drawn of a model."""

    @property
    def measure(self) -> str:
        """What an error is."""
        ...

    @property
    def has_panels(self) -> bool:
        """Whether there is a plane or a line to draw."""
        ...

    def error(self, net: Any, place: int) -> float:
        """Return the error on the samples trained on, 0, or on the others, 1."""
        ...

    def draw(self, axes: Axes, net: Any) -> None:
        """Draw what a model makes of all points."""
        ...


def judged(function: str, parts: list[tuple[Any, Any]], nets: Mapping[Any, Any]) -> JudgedModels:
    """Return samples as those of a classification or of a regression."""
    if _are_amounts(parts[0][1], next(iter(nets.values()))):
        return _Amounts(function, [(X, _numbers(function, X, y)) for X, y in parts])
    labels = [class_labels(function, X, y) for X, y in parts]
    rows = [X for X, _ in parts]
    try:
        plane = plane_of(function, _joined(*rows), None, None)
    except (DataError, ValueError):  # no two features, or images
        plane = None
    return _Classes(function, rows, labels, plane)


def _are_amounts(y: Any, net: Any) -> bool:
    targets = np.asarray(y)
    if targets.dtype.kind not in "biuf":
        return False
    if np.any(targets != np.rint(targets)):
        return True
    arguments = model_of(net).compile_arguments if isinstance(net, Network) else None
    is_binary = bool(np.isin(targets, (0, 1)).all())
    return arguments is not None and not arguments.loss.targets.are_classes and not is_binary


def _numbers(function: str, X: Any, y: Any) -> Array:
    targets = np.asarray(y, float)
    if not targets.ndim or not targets.size or (not is_table(X) and len(X) != len(targets)):
        raise DataError(
            f"{function}: X has {counted(len(X), 'row')} and y shape {targets.shape}; give a "
            "target for each sample, at least one"
        )
    return targets.reshape(len(targets), -1)


def _joined(first: Any, second: Any) -> Any:
    """Return the rows of two arrays or tables."""
    if not is_table(first):
        return np.concatenate([np.asarray(first), np.asarray(second)])
    others = read_columns(second)
    columns = {
        name: np.concatenate([np.asarray(each), np.asarray(others[name])])
        for name, each in read_columns(first).items()
    }
    return columns if isinstance(first, Mapping | np.ndarray) else type(first)(columns)


@dataclass(frozen=True)
class _Classes:
    function: str
    rows: list[Any]
    labels: list[Array]
    plane: Plane | None
    measure: str = "mistaken samples, %"

    @property
    def has_panels(self) -> bool:
        return self.plane is not None

    def error(self, net: Any, place: int) -> float:
        labels = self.labels[place]
        predicted = predict_classes(self.function, net, as_rows(self.rows[place]), labels).predicted
        return 100 * float(np.mean(predicted != labels))

    def draw(self, axes: Axes, net: Any) -> None:
        assert self.plane is not None, "without a plane there are no panels"
        known = np.concatenate(self.labels)
        regions = classify_plane(self.function, net, self.plane, known)
        draw_regions(axes, regions)
        parts = np.split(self.plane.points, [len(self.labels[0])])
        for place, (points, labels) in enumerate(zip(parts, self.labels, strict=True)):
            for code, each in enumerate(regions.classes):
                colour = COLOURS[code % len(COLOURS)]
                axes.scatter(
                    *points[labels == each].T, s=0.5 * marker_area(len(known)),
                    marker=MARKERS[code % len(MARKERS)], linewidth=0.4 if place == 0 else 1.0,
                    facecolor=colour if place == 0 else "white",
                    edgecolor="white" if place == 0 else colour,
                )  # fmt: skip
        axes.set(xticks=[], yticks=[])


@dataclass(frozen=True)
class _Amounts:
    function: str
    parts: list[tuple[Any, Array]]
    measure: str = "root mean squared error"

    @property
    def has_panels(self) -> bool:
        X, y = self.parts[0]
        shape = np.shape(X)
        return not is_table(X) and shape in ((len(y),), (len(y), 1)) and y.shape[1] == 1

    def error(self, net: Any, place: int) -> float:
        X, y = self.parts[place]
        return float(np.sqrt(np.mean((self._predicted(net, as_rows(X), y.shape) - y) ** 2)))

    def draw(self, axes: Axes, net: Any) -> None:
        lines = [np.asarray(X, float).reshape(-1) for X, _ in self.parts]
        low, high = min(each.min() for each in lines), max(each.max() for each in lines)
        grid = np.linspace(low, high, _POINTS)
        rows = grid.reshape(-1, *np.shape(self.parts[0][0])[1:])
        rows = rows.astype(np.result_type(np.asarray(self.parts[0][0]), np.float32))
        axes.plot(grid, self._predicted(net, rows, (_POINTS, 1))[:, 0], color=COLOURS[4], lw=2)
        for place, (line, (_, y)) in enumerate(zip(lines, self.parts, strict=True)):
            axes.plot(
                line, y[:, 0], "o", ms=4, mec=COLOURS[0], mfc=COLOURS[0] if place == 0 else "white",
            )  # fmt: skip
        every = np.concatenate([y for _, y in self.parts])
        margin = 0.2 * float(np.ptp(every)) or 1.0
        axes.set_ylim(float(every.min()) - margin, float(every.max()) + margin)
        axes.grid(visible=True)

    def _predicted(self, net: Any, rows: Any, shape: tuple[int, ...]) -> Array:
        predict = getattr(net, "predict", net)
        outputs = np.asarray(predict(rows), float)
        if outputs.size != np.prod(shape):
            raise DataError(
                f"{self.function}: a network returns shape {outputs.shape} for {shape[0]} samples, "
                f"and the targets have {shape[1]} a sample; classes are integers or texts"
            )
        return outputs.reshape(shape)

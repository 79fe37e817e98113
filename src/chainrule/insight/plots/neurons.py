"""The dense layers of a network as columns of neurons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.plots.node_link import NodeLink
from chainrule.nn.layer import Layer
from chainrule.train.model.model import Model
from chainrule.train.model.summary import activation_name

__all__ = ["Column", "dense_columns", "nodes_of_columns"]

Array = NDArray[Any]

_MOST = 24  # neurons of a column that are all drawn; of more, the first and last eight
_AT_EACH_END = 8


@dataclass(frozen=True)
class Column:
    """The inputs, or the units of a dense layer with the layers without weights after it."""

    heading: str
    width: int
    weight: Array | None = None  # (width of the column before, width)
    bias: Array | None = None  # (width,)


def dense_columns(model: Model) -> tuple[list[Column], str | None]:
    """Return the columns of a built network, and what prevents them from being drawn, if any."""
    shape: Any = model.input_shape or ()
    if len(shape) != 2:
        return [], f"its input has {len(shape) - 1} axes besides that of the samples"
    columns = [Column("input", shape[1])]
    for name, layer, after in zip(model.names, model.layers, model.output_shapes, strict=True):
        arrays = {key: np.asarray(each.array) for key, each in layer.parameters().items()}
        matrices = [each for each in arrays.values() if each.ndim > 1]
        width = columns[-1].width
        if len(after) == 2 and not matrices and after[1] == width:
            columns[-1] = replace(columns[-1], heading=f"{columns[-1].heading}\n{name}")
        elif len(after) == 2 and [each.shape for each in matrices] == [(width, after[1])]:
            bias = arrays.get("bias")
            is_bias = bias is not None and bias.shape == (after[1],)
            heading = f"{name}\n{_activation(layer)}".rstrip()
            columns.append(
                Column(heading, matrices[0].shape[1], matrices[0], bias if is_bias else None)
            )
        else:
            return columns, f"layer {name!r} is no dense layer ({type(layer).__name__})"
    return columns, None


def nodes_of_columns(
    columns: list[Column], inputs: list[str] | None, outputs: list[str] | None
) -> NodeLink:
    """Return the neurons of columns, from left to right, with a line for each weight."""
    drawn = [_drawn(each.width) for each in columns]
    tallest = max(map(len, drawn))
    step = 0.5 * tallest if len(columns) < 4 else 0.35 * tallest  # columns about as wide as high
    starts = np.cumsum([0, *map(len, drawn)])
    positions, headings, gaps = (
        list[Array](),
        list[tuple[float, str]](),
        list[tuple[float, float]](),
    )
    for place, (column, units) in enumerate(zip(columns, drawn, strict=True)):
        is_cut = len(units) < column.width
        y = (len(units) - 1) / 2 - np.arange(len(units)) + 0.0
        if is_cut:
            y += np.where(np.arange(len(units)) < _AT_EACH_END, 0.5, -0.5)
            gaps.append((place * step, 0.0))
        positions.append(np.stack([np.full(len(units), place * step), y], axis=1))
        headings.append((place * step, f"{column.heading}\n{column.width:,}"))
    edges, weights = list[Array](), list[Array]()
    for place in range(1, len(columns)):
        matrix = columns[place].weight
        assert matrix is not None
        pairs = np.indices((len(drawn[place - 1]), len(drawn[place]))).reshape(2, -1).T
        edges.append(pairs + starts[place - 1 : place + 1])
        weights.append(matrix[np.ix_(drawn[place - 1], drawn[place])].ravel())
    beside = [
        (int(starts[place] + row), texts[unit])
        for place, texts in ((0, inputs), (len(columns) - 1, outputs))
        if texts is not None
        for row, unit in enumerate(drawn[place])
    ]
    no_edges, no_weights = np.zeros((0, 2), int), np.zeros(0)
    return NodeLink(
        _title(columns), np.concatenate(positions), np.concatenate([no_edges, *edges]),
        np.concatenate([no_weights, *weights]), _biases(columns, drawn),
        beside=tuple(beside), headings=tuple(headings), gaps=tuple(gaps), radius=0.33,
    )  # fmt: skip


def _drawn(width: int) -> Array:
    if width <= _MOST:
        return np.arange(width)
    return np.r_[0:_AT_EACH_END, width - _AT_EACH_END : width]


def _biases(columns: list[Column], drawn: list[Array]) -> Array | None:
    if all(each.bias is None for each in columns):
        return None
    return np.concatenate(
        [
            np.full(len(units), np.nan) if column.bias is None else column.bias[units]
            for column, units in zip(columns, drawn, strict=True)
        ]
    )


def _title(columns: list[Column]) -> str:
    count = sum(
        each.size for column in columns for each in (column.weight, column.bias) if each is not None
    )
    return f"Network of {count:,} parameters: {' → '.join(f'{each.width:,}' for each in columns)}"


def _activation(layer: Layer) -> str:
    name = activation_name(layer.activation)
    return "" if name == "linear" else name

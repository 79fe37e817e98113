"""The table that ``summary`` prints: layers, output shapes and parameter counts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from chainrule.console import encodable, left_aligned, right_aligned, width_of
from chainrule.nn.layer import Layer
from chainrule.optim.config import describe_briefly
from chainrule.train.model.model import Model

__all__ = [
    "HEADINGS",
    "activation_name",
    "describe",
    "format_summary",
    "print_summary",
    "summary_rows",
    "summary_totals",
]

HEADINGS = ("layer", "kind", "output shape", "parameters", "activation")


_SHOWN = 12
"""How many layers a line at the prompt shows."""


def describe(model: Model) -> str:
    """Return a line with the layers, their sizes once they are built, and how they are trained.

    Such as ``784 → dense 100 → dense_1 10, 79,510 parameters, loss cross_entropy, sgd``.
    """
    # Printed, a sign that the console lacks would raise.
    arrow, times = encodable(" → "), encodable("×")
    parts = list(model.names)
    if model.output_shapes:
        shapes = [model.input_shape, *model.output_shapes]
        sizes = [times.join(map(str, (shape or ())[1:])) for shape in shapes]
        named = zip(model.names, sizes[1:], strict=True)
        parts = [sizes[0], *(f"{name} {size}".rstrip() for name, size in named)]
    if len(parts) > _SHOWN:
        parts[_SHOWN // 2 : -_SHOWN // 2] = [f"... {len(parts) - _SHOWN} more ..."]
    described = [arrow.join(filter(None, parts))]
    if model.output_shapes:
        described.append(
            f"{sum(each.size for each in model.stack.parameters().values()):,} parameters"
        )
    if (arguments := model.compile_arguments) is not None:
        described += [f"loss {arguments.loss.name}", describe_briefly(arguments.optimizer)]
    return ", ".join(described)


def print_summary(model: Model) -> None:
    """Print the table of a network; see `format_summary`."""
    if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison] (no console)
        sys.stdout.write(encodable(format_summary(model)) + "\n")


def format_summary(model: Model) -> str:
    """Return a table with one row a layer, followed by the totals."""
    rows = summary_rows(model)
    widths = [max(map(width_of, column)) for column in zip(HEADINGS, *rows, strict=True)]
    rule = "─" * (sum(widths) + 2 * len(widths) - 2)
    lines = [_line(HEADINGS, widths), rule, *(_line(row, widths) for row in rows), rule]
    return "\n".join([*lines, *summary_totals(model)])


def summary_rows(model: Model) -> list[tuple[str, ...]]:
    """Return the cells of the table, a row for each layer."""
    shapes: Sequence[Any] = model.output_shapes or [None] * len(model.layers)
    layers = zip(model.names, model.layers, shapes, strict=True)
    return [_row(name, layer, shape) for name, layer, shape in layers]


def _row(name: str, layer: Layer, shape: Any) -> tuple[str, ...]:
    count = sum(each.size for each in layer.parameters().values())
    return (
        name,
        type(layer).__name__,
        "?" if shape is None else f"({', '.join(['batch', *map(str, shape[1:])])})",
        f"{count:,}" if shape is not None else "?",
        activation_name(layer.activation),
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        right_aligned(cell, size) if heading == "parameters" else left_aligned(cell, size)
        for cell, size, heading in zip(cells, widths, HEADINGS, strict=True)
    ]
    return "  ".join(padded).rstrip()


def activation_name(activation: Any) -> str:
    """Return the name of an activation, or of the function that is one; "" for none."""
    if activation is None or isinstance(activation, str):
        return activation or ""
    return getattr(activation, "__name__", type(activation).__name__)


def summary_totals(model: Model) -> list[str]:
    """Return the lines below the table: inputs, parameters, loss and optimiser."""
    if not model.layers:
        return ["no layers yet: add some with net.add"]
    if not model.output_shapes:
        return ["not built yet: sizes are inferred from the first data, in fit, predict or net(X)"]
    parameters = model.stack.parameters().values()
    total = sum(each.size for each in parameters)
    trainable = sum(each.size for each in parameters if each.trainable)
    frozen = sum(each.size for each in parameters if not each.trainable and not each.is_state)
    size = sum(each.value.nbytes for each in parameters)
    others = f", {total - trainable:,} non-trainable" if trainable < total else ""
    others += f" ({frozen:,} of them frozen)" if frozen else ""
    lines = [] if model.table is None else [str(model.table)]
    lines += [
        f"input {_shape_text(model)}, {model.dtype}",
        f"{total:,} parameters ({size / 1024:,.1f} KiB): {trainable:,} trainable{others}",
    ]
    if (arguments := model.compile_arguments) is not None:
        metrics = "".join(f", {metric.name}" for metric in arguments.metrics)
        optimizer = describe_briefly(arguments.optimizer)
        lines.append(f"loss {arguments.loss.name}, {optimizer}{metrics}")
    return lines


def _shape_text(model: Model) -> str:
    assert model.input_shape is not None, "a built network has an input shape"
    return f"({', '.join(['batch', *map(str, model.input_shape[1:])])})"

"""What a network is: its layers with their parameters, and the diagram of loss and gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.insight.pages.markup import Markup, element, inline_svg, note, section, table
from chainrule.train.model.model import Model
from chainrule.train.model.summary import HEADINGS, summary_rows, summary_totals
from chainrule.train.network import Network

__all__ = ["network_section"]

_LAYERS = 40
"""Layers up to which the diagram is drawn."""


def network_section(net: Network, model: Model) -> Markup:
    """Return the section on the layers of a network."""
    rows = summary_rows(model)
    content = [table(HEADINGS, rows)]
    content += [element("p", line) for line in summary_totals(model)]
    if model.output_shapes:
        content.append(element("h3", "Layers"))
        content += [
            _layer(model, layer, row) for layer, row in zip(model.layers, rows, strict=True)
        ]
    return section("network", "Network", *content, element("h3", "Diagram"), *_diagram(net, model))


def _layer(model: Model, layer: Any, row: tuple[str, ...]) -> Markup:
    """Return a folded layer: its settings and parameters."""
    name, kind, shape, count = row[:4]
    line = f" {kind}, output {shape}, {count} parameter{'' if count == '1' else 's'}"
    parameters = {
        key: each for key, each in model.stack.parameters().items() if key.startswith(f"{name}.")
    }
    content = [element("p", element("code", repr(layer)))]
    if parameters:
        headings = ["parameter", "shape", "trained", "smallest", "mean", "largest", "norm"]
        content.append(table(headings, [_row(*each) for each in parameters.items()]))
    return element("details", element("summary", element("strong", name), line), *content)


def _row(name: str, parameter: Any) -> list[str]:
    value = np.asarray(parameter.value, float)
    numbers = ["", "", "", ""]
    if value.size:
        figures = value.min(), value.mean(), value.max(), np.linalg.norm(value)
        numbers = [f"{each:.4g}" for each in figures]
    is_trained = "yes" if parameter.trainable else "state" if parameter.is_state else "frozen"
    return [name, str(value.shape), is_trained, *numbers]


def _diagram(net: Network, model: Model) -> list[Markup]:
    if len(model.layers) > _LAYERS:
        return [
            note(
                f"{len(model.layers)} layers are too many for a page; net.diagram(path) draws them."
            )
        ]
    try:
        return [inline_svg(net.diagram().svg(), "diagram")]
    except ChainruleError as error:
        return [note(f"Not drawn: {error}.")]

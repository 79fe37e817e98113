"""Networks and layers as trees that fold: shapes, settings, parameters, images of weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.console import shortened
from chainrule.errors import counted
from chainrule.insight.displays.array_image import array_image
from chainrule.insight.displays.page import display, folded
from chainrule.insight.pages.markup import Markup, element, note, table
from chainrule.nn.layer import Layer
from chainrule.nn.parameter import Parameter
from chainrule.nn.sublayers import find_sublayers
from chainrule.train.model.model import Model
from chainrule.train.model.parameters import Params
from chainrule.train.model.summary import activation_name, summary_totals

__all__ = ["layer_display", "network_display", "parameter_display", "params_display"]

_IMAGES, _ROWS, _LAYERS, _LETTERS = 48, 200, 400, 400
"""How many images, parameters and layers a display has at most, and letters of settings."""

_HEADINGS = ("parameter", "values", "shape", "", "smallest", "mean", "largest", "deviation")


@dataclass
class _Budget:
    """What may still be shown, so that a large network makes no large notebook."""

    images: int = _IMAGES
    rows: int = _ROWS
    layers: int = _LAYERS
    first: NDArray[Any] | None = None
    """The matrix that the inputs of the network are multiplied by."""
    seen: set[int] = field(default_factory=set[int])
    """The sublayers on the page, by their ids: one that two layers share is shown once."""


def network_display(net: Any, model: Model) -> Markup:
    """Return a network, as of one moment: its totals, and its layers, each to be unfolded."""
    return model.parameter_lock.read(lambda: _network(net, model))


def _network(net: Any, model: Model) -> Markup:
    shapes: list[Any] = list(model.output_shapes) or [None] * len(model.layers)
    budget = _Budget(first=_first_matrix(model))
    layers = [
        _layer(name, layer, None if shape is None else _shape(shape), budget)
        for name, layer, shape in zip(model.names, model.layers, shapes, strict=True)
    ]
    totals = element("p", " · ".join(summary_totals(model)), class_="soft")
    title = element("b", type(net).__name__), " ", _head(net, model)
    return display(folded(element("span", *title), totals, *_some(layers), is_open=True))


def _head(net: Any, model: Model) -> Markup:
    facts = [counted(len(model.layers), "layer")]
    if model.output_shapes:
        parameters = model.stack.parameters().values()
        facts.append(counted(sum(each.size for each in parameters), "parameter"))
    if net.history is not None and net.history.epochs:
        facts.append(f"trained for {counted(net.history.epochs, 'epoch')}")
    return element("span", ", ".join(facts), class_="soft")


def layer_display(layer: Layer) -> Markup:
    """Return a layer with its parameters and sublayers."""
    name = layer.name if isinstance(layer.name, str) and layer.name else type(layer).__name__
    return display(_layer(name, layer, None, _Budget(), is_open=True))


def params_display(params: Params) -> Markup:
    """Return a table of parameters by name."""
    frozen = set(params.frozen)
    named = {name: (each, "frozen" * (name in frozen)) for name, each in params.items()}
    matrices = (each for each in params.values() if each.ndim == 2)
    budget = _Budget(first=next(matrices, None))
    return display(*_parameters(named, budget) or [note("no parameters yet")])


def parameter_display(parameter: Parameter) -> Markup:
    """Return one parameter."""
    return display(*_parameters(_arrays({parameter.name: parameter}), _Budget()))


_Arrays = Mapping[str, tuple[NDArray[Any], str]]
"""Parameters by name, each with what it is if training does not update it."""


def _arrays(named: Mapping[str, Parameter]) -> _Arrays:
    kinds = {True: "state", False: "frozen"}
    return {
        name: (np.asarray(each.array), "" if each.trainable else kinds[each.is_state])
        for name, each in named.items()
    }


def _first_matrix(model: Model) -> NDArray[Any] | None:
    """Return the first matrix of the first layer that has parameters."""
    first = next(filter(None, (layer.parameters() for layer in model.layers)), {})
    return next((each.array for each in first.values() if each.array.ndim == 2), None)


def _layer(
    name: str, layer: Any, shape: str | None, budget: _Budget, is_open: bool = False
) -> Markup:
    """Return a layer on one line, and below it what it is made of."""
    budget.layers -= 1
    if budget.layers < 0:
        return Markup()
    budget.seen.add(id(layer))
    named: dict[str, Parameter] = layer.parameters()
    inner = list(find_sublayers(layer, budget.seen))
    prefixes = tuple(f"{path}." for path, _ in inner)
    own = {key: each for key, each in named.items() if not key.startswith(prefixes or ("\0",))}
    settings = [element("p", element("code", shortened(repr(layer)[: 2 * _LETTERS], _LETTERS)))]
    if layer.input_shape is not None:
        settings.append(element("p", f"input {_shape(layer.input_shape)}", class_="soft"))
    content = [*settings, *_parameters(_arrays(own), budget)]
    content += [_layer(path, each, None, budget) for path, each in inner]
    return folded(_line(name, layer, shape, named), *content, is_open=is_open)


def _line(name: str, layer: Any, shape: str | None, named: Mapping[str, Parameter]) -> Markup:
    count = sum(each.size for each in named.values())
    activation = activation_name(layer.activation)
    is_frozen = bool(named) and not any(each.trainable for each in named.values())
    cells = [
        element("span", name, class_="name"),
        element("span", type(layer).__name__, f" · {activation}" * bool(activation), class_="kind"),
        element("span", shape or "", class_="shape soft"),
        element("span", f"{count:,}{' frozen' * is_frozen}" if named else "–", class_="n"),
    ]
    return element("span", *cells, class_="row")


def _parameters(named: _Arrays, budget: _Budget) -> list[Markup]:
    """Return the table of some parameters, with images as long as there is room."""
    if not named:
        return []
    count = min(len(named), max(0, budget.rows))
    budget.rows -= count
    rows = [_row(key, *each, budget) for key, each in list(named.items())[:count]]
    more = [note(f"and {counted(len(named) - count, 'more parameter')}")] * (count < len(named))
    return [*([table(_HEADINGS, rows)] if rows else []), *more]


def _row(name: str, array: NDArray[Any], kind: str, budget: _Budget) -> list[object]:
    image = None
    if budget.images > 0:
        is_first = array is budget.first or array.base is budget.first is not None
        image = array_image(array, is_first)
        budget.images -= image is not None
    shape = element("span", " × ".join(map(str, array.shape)) or "number")
    return [name, image or "", shape, kind, *_statistics(array)]


def _statistics(array: NDArray[Any]) -> list[str]:
    if not array.size or array.dtype.kind not in "biuf":
        return [""] * 4
    with np.errstate(all="ignore"):
        values = array.astype(float)
        numbers = values.min(), values.mean(), values.max(), values.std()
    return [f"{each:.3g}" for each in numbers]


def _shape(shape: Any) -> str:
    return f"({', '.join('batch' if each is None else str(each) for each in shape)})"


def _some(layers: list[Markup]) -> list[Markup]:
    shown = [each for each in layers if each]
    missing = len(layers) - len(shown)
    return [*shown, *([note(f"and {counted(missing, 'more layer')}")] if missing else [])]

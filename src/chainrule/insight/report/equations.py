"""The equations of a network and of the gradient of its loss, with their proofs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.insight.explanation.example_batch import example_batch
from chainrule.insight.explanation.network import explain_network
from chainrule.insight.pages.markup import Markup, element, note, section
from chainrule.insight.report.sample import Sample
from chainrule.train.model.model import Model
from chainrule.train.network import Network

__all__ = ["equations_section"]

_FEWEST, _MOST = 2, 8
"""Samples that formulas are proved on."""
_WRITING, _PER_WEIGHT, _PER_PRODUCT = 3.5e-3, 2.5e-7, 1.5e-8
"""Seconds to write the equations of a parameter, and to prove them for each of its entries, and for
each of their products with a sample."""
_FREE, _SHARE = 0.25, 0.05
"""Seconds that are always spent, and the share of the training that may be."""


def equations_section(net: Network, model: Model, sample: Sample | None) -> Markup:
    """Return the section on the equations; it says why where there are none."""
    return section("equations", "Equations", *_content(net, model, sample))


def _content(net: Network, model: Model, sample: Sample | None) -> list[Markup]:
    if not model.output_shapes:
        return [note("The network is not built yet: it has seen no data.")]
    fixed, each = _cost(model)
    budget = max(_FREE, _SHARE * sum((net.history or {}).get("seconds", ())))
    if fixed + _FEWEST * each > budget:
        return [
            note(
                "Not derived here: the proof of the equations of so large a network would take "
                f"about {fixed + _FEWEST * each:,.1f} s, too much of its training; "
                "net.explain(X, y) derives them."
            )
        ]
    try:
        X, y = _batch(model, sample, int(np.clip((budget - fixed) / each, _FEWEST, _MOST)))
        with np.errstate(all="ignore"):  # of random samples a loss may be NaN
            explanation = explain_network(net, X, y)
    except ChainruleError as error:
        return [note(f"Not derived: {error}.")]
    lead = (
        "Written from the graph of this network, and checked: the printed formula is evaluated by "
        "NumPy, derivatives are also compared with differences of the loss. Errors are relative."
    )
    return [element("p", lead), element("div", Markup(explanation.html()), class_="scroll")]


def _batch(model: Model, sample: Sample | None, count: int) -> tuple[Any, Any]:
    """Return samples to prove the equations on: those given, or random ones."""
    if sample is not None and sample.y is not None:
        return sample.first(count)
    X, y = example_batch(model, model.objective("report").loss)
    return X[:count], y[:count]


def _cost(model: Model) -> tuple[float, float]:
    """Return about how many seconds a proof takes, and how many for each sample."""
    weights, products = 1, 1
    for name, layer, shape in zip(model.names, model.layers, model.output_shapes, strict=True):
        parameters = model.stack.parameters().items()
        size = sum(each.size for key, each in parameters if key.startswith(f"{name}."))
        weights += size
        products += size * max(_places(shape), _places(layer.input_shape))
    writing = _WRITING * len(model.stack.parameters())
    return writing + _PER_WEIGHT * weights, _PER_PRODUCT * products


def _places(shape: Any) -> int:
    """Return for how many places of an image, or steps of a series, weights are used."""
    return math.prod(each or 1 for each in (shape or ())[1:-1])

"""The equations of a network and of the gradient of its loss, with their proofs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.insight.explanation.example_batch import example_batch
from chainrule.insight.explanation.network import explain_network
from chainrule.insight.report.markup import Markup, element, note, section
from chainrule.insight.report.sample import Sample
from chainrule.train.model.model import Model
from chainrule.train.network import Network

__all__ = ["equations_section"]

_FEWEST, _MOST = 2, 8
"""Samples that formulas are proved on."""
_SECONDS, _WRITING = 3e-8, 0.02
"""Of a multiplication, which proofs repeat some thirty times, and of writing for a parameter."""
_FREE, _SHARE = 1.0, 0.05
"""Seconds that are always spent, and the share of the training that may be."""


def equations_section(net: Network, model: Model, sample: Sample | None) -> Markup:
    """Return the section on the equations; it says why where there are none."""
    return section("equations", "Equations", *_content(net, model, sample))


def _content(net: Network, model: Model, sample: Sample | None) -> list[Markup]:
    if not model.output_shapes:
        return [note("The network is not built yet: it has seen no data.")]
    writing = _WRITING * len(model.stack.parameters())
    seconds = max(_SECONDS * _multiplications(model), 1e-9)
    budget = max(_FREE, _SHARE * sum(net.history["seconds"]) if net.history else 0.0)
    least = writing + _FEWEST * seconds
    if least > budget:
        return [
            note(
                "Not derived here: the proof of the equations of so large a network would take "
                f"about {least:,.0f} s, too much of its training; net.explain(X, y) "
                "derives them."
            )
        ]
    try:
        X, y = _batch(model, sample, int(np.clip((budget - writing) / 2 / seconds, _FEWEST, _MOST)))
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


def _multiplications(model: Model) -> int:
    """Return about how many multiplications a sample takes: each weight once for each place."""
    total = 0
    for name, shape in zip(model.names, model.output_shapes or (), strict=True):
        places = math.prod(each or 1 for each in (shape or ())[1:-1])
        parameters = model.stack.parameters().items()
        total += places * sum(each.size for key, each in parameters if key.startswith(f"{name}."))
    return total

"""The mistakes that `chainrule.check` finds by reading, without training copies."""

from __future__ import annotations

from chainrule.insight.mistakes.check import check
from chainrule.insight.pages.markup import Markup, element, note, section, table
from chainrule.insight.report.sample import Sample
from chainrule.train.model.model import Model
from chainrule.train.network import Network

__all__ = ["mistakes_section"]

_TITLE = "Mistakes found"


def mistakes_section(net: Network, model: Model, sample: Sample | None) -> Markup:
    """Return the section on mistakes in the network, its data and its training."""
    if sample is None or sample.y is None or model.compile_arguments is None:
        return section("mistakes", _TITLE, note("cr.check(net, X, y) needs samples and a loss."))
    found = check(net, sample.X, sample.y, trials=False)
    if not found:
        content = element("p", "None.")
    else:
        rows = [[each.code, each.name, each.evidence, each.remedy] for each in found]
        content = table(["code", "mistake", "evidence", "remedy"], rows)
    advice = (
        "Found by reading; cr.check(net, X, y) also trains copies, to find what slows learning."
    )
    return section("mistakes", _TITLE, content, note(advice))

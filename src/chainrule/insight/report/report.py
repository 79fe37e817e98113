"""``net.report``: one page on a network, its data, training, results and equations."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.insight.pages.image import are_images
from chainrule.insight.pages.markup import Markup, element
from chainrule.insight.program_report import format_time
from chainrule.insight.report.data import data_section
from chainrule.insight.report.equations import equations_section
from chainrule.insight.report.mistakes import mistakes_section
from chainrule.insight.report.network import network_section
from chainrule.insight.report.page import article, document
from chainrule.insight.report.results import results_section, task_of
from chainrule.insight.report.sample import Sample, most_samples, sample_of
from chainrule.insight.report.series import are_series
from chainrule.insight.report.timing import time_section
from chainrule.insight.report.training import training_section
from chainrule.storage import checked_target, write_atomically
from chainrule.train.files.paths import checked_format
from chainrule.train.inputs.targets import is_text
from chainrule.train.model.model import Model
from chainrule.train.model.summary import describe
from chainrule.train.network import Network, model_of

__all__ = ["Report", "report_on"]

_FRAME = "width:100%;height:38rem;border:1px solid rgb(128 128 128/.4);border-radius:6px"


@dataclass(frozen=True, repr=False)
class Report:
    """A page on a network; is shown in notebooks.

    Parameters
    ----------
    title : str
        The title of the page.
    content : Markup
        What it shows, as an element of HTML with its style.
    """

    title: str
    content: Markup

    def html(self) -> str:
        """Return the page: HTML that needs no other file, no network and no script."""
        return document(self.title, self.content)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page."""
        write_atomically(path, self.html().encode())

    def _repr_html_(self) -> str:
        # A page of its own, so that its styles and links do not apply to the notebook.
        return element("iframe", srcdoc=self.html(), title=self.title, sandbox="", style=_FRAME)

    def __repr__(self) -> str:
        sections = self.content.count("<section")
        return f"<report of {sections} sections, {len(self.content.encode()) / 1000:,.0f} kB>"


def report_on(net: Network, X: Any = None, y: Any = None, path: Any = None) -> Report:
    """Return the report on a network, and write it if there is a path."""
    target = path
    if path is not None:
        target = checked_target(checked_format("report", path, (".html", ".htm")))[0]
    model = model_of(net)
    sample = _classified(model, sample_of(X, y, most_samples(net)))
    if sample is not None and not model.output_shapes:
        net.predict(sample.first(1)[0])
    given, sample = sample, _numbered(model, sample)
    task = task_of(model, sample)
    results = results_section(net, model, sample, task)
    sections = [
        data_section(model, given, is_classifier=task != "amounts"),
        network_section(net, model),
        training_section(net.history),
        results,
        mistakes_section(net, model, sample),
        equations_section(net, model, sample),
        time_section(net),
    ]
    title = "Report on a network"
    report = Report(title, article(title, describe(model), _facts(net, model), sections))
    if target is not None:
        report.save(target)
    return report


def _classified(model: Model, sample: Sample | None) -> Sample | None:
    """Return the samples with how they are to be shown."""
    if sample is not None and are_series(sample.X, model.layers):
        return replace(sample, kind="series")
    if sample is not None and are_images(sample.X):
        return replace(sample, kind="images")
    return sample


def _numbered(model: Model, sample: Sample | None) -> Sample | None:
    """Return the samples with classes as numbers, as `fit` would number them, before training."""
    if sample is None or sample.y is None or model.classes is not None or not is_text(sample.y):
        return sample
    return replace(sample, y=np.unique(sample.y.astype(str), return_inverse=True)[1])


def _facts(net: Network, model: Model) -> list[tuple[str, str]]:
    """Return the figures at the top of the page."""
    facts = [("layers", f"{len(model.layers):,}")]
    if model.output_shapes:
        sizes = [each.size for each in model.stack.parameters().values()]
        facts.append(("parameters", f"{sum(sizes):,}"))
    history = net.history
    if history is not None and history.epochs:
        facts.append(("epochs", f"{history.epochs:,}"))
        shown = [each for each in history if each not in ("seconds", "learning_rate")]
        facts += [(_in_words(name), f"{history[name][-1]:.4g}") for name in shown]
        if "seconds" in history:  # which a file does not have
            facts.append(("training time", format_time(sum(history["seconds"]))))
    return facts


def _in_words(name: str) -> str:
    return name.replace("val_", "validation ").replace("_", " ")

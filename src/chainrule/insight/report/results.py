"""What a network does on the samples given: scores, and what its targets are."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ChainruleError
from chainrule.insight.pages.markup import Markup, element, note, section, table
from chainrule.insight.report.amounts import amount_results
from chainrule.insight.report.classes import (
    Evaluated,
    class_results,
    confusion_results,
    label_results,
)
from chainrule.insight.report.sample import Sample, is_one_class
from chainrule.nn.losses.target_domain import SIGNS
from chainrule.train.checks.target_kind import target_kind
from chainrule.train.inference.class_prediction import predicted_classes, probability_activation
from chainrule.train.inputs.data_adapter import prepare_inputs, prepare_samples
from chainrule.train.inputs.padded_steps import output_mask
from chainrule.train.model.model import Model
from chainrule.train.network import Network, model_of

__all__ = ["Task", "results_section", "task_of"]

Array = NDArray[Any]

Task = Literal["one class", "several classes", "signs", "amounts"]
"""What is predicted of a sample; "signs" are -1 and 1."""


def task_of(model: Model, sample: Sample | None) -> Task:
    """Return what a network predicts, as the targets and its loss show."""
    arguments = model.compile_arguments
    if sample is None or sample.y is None or arguments is None or not model.output_shapes:
        return "amounts"
    objective = model.objective("report")
    prepared, _ = prepare_samples(model, objective, sample.X, sample.y, None, "report")
    kind, _ = target_kind(prepared.y, objective.loss, model.output_shape)
    if kind == "signs" or (kind == "classes" and objective.loss.targets == SIGNS):
        return "signs" if sample.y.size == len(sample.y) else "amounts"
    if kind != "classes":
        return "amounts"
    if model.output_shape[-1] == 1 and not _has_probabilities(model):
        return "amounts"
    return "one class" if is_one_class(sample.y) else "several classes"


def _has_probabilities(model: Model) -> bool:
    try:
        probability_activation(model, "report")
    except ChainruleError:
        return False
    return True


def results_section(net: Network, model: Model, sample: Sample | None, task: Task) -> Markup:
    """Return the section on loss, metrics and single samples."""
    if sample is None or sample.y is None or model.compile_arguments is None:
        what = "net.compile names the loss" if sample is not None and sample.y is not None else ""
        why = what or "net.report(path, X, y) shows the results on samples"
        return section("results", "Results", note(f"{why[0].upper()}{why[1:]}."))
    scores = net.evaluate(sample.X, sample.y)
    rows = [[name.replace("_", " "), f"{scores[name]:.5g}"] for name in scores.keys()]  # noqa: SIM118
    content = [element("p", f"On {sample.words}."), table(["", "value"], rows)]
    try:
        return section("results", "Results", *content, *_details(net, sample, task))
    except ChainruleError as error:
        return section("results", "Results", *content, note(f"No more is shown: {error}."))


def _details(net: Network, sample: Sample, task: Task) -> list[Markup]:
    assert sample.y is not None, "there are targets"
    outputs = np.asarray(net.predict(sample.X))
    if task == "signs":
        return class_results(lambda X: outputs, sample)  # pyright: ignore[reportUnknownLambdaType]
    if task == "one class":
        return class_results(Evaluated(model_of(net), outputs), sample)
    if task == "several classes":
        return _of_several(net, sample, outputs)
    if outputs.size == sample.y.size and sample.y.dtype.kind in "biuf":
        return amount_results(sample, outputs, sample.y)
    return [note(f"Outputs of shape {outputs.shape} are compared with the targets by the loss.")]


def _of_several(net: Network, sample: Sample, outputs: Array) -> list[Markup]:
    """Return the results of classes of steps, padding left out, or of several labels a sample."""
    model = model_of(net)
    true, predicted = np.asarray(sample.y), predicted_classes(model, outputs)
    if true.ndim == predicted.ndim + 1:
        true = true[..., 0] if true.shape[-1] == 1 else np.argmax(true, axis=-1)
    if true.shape != predicted.shape:
        shapes = f"Classes of shape {predicted.shape} and targets of shape {true.shape}"
        return [note(f"{shapes} are compared by the loss alone.")]
    arguments = model.compile_arguments
    if arguments is not None and arguments.loss.name == "binary_cross_entropy":
        return label_results(
            true.reshape(-1, true.shape[-1]), predicted.reshape(-1, true.shape[-1])
        )
    mask = output_mask(model, prepare_inputs(model, sample.X, "report"))
    is_real = np.ones(true.shape, bool)
    if mask is not None and mask.shape == true.shape[:2]:
        is_real &= mask.reshape((*mask.shape, *(1,) * (true.ndim - 2)))
    return confusion_results(true[is_real], predicted[is_real])

"""The training step of a multilayer perceptron in plain NumPy, and its programs.

::

    state, data, numbers, columns -> state', [loss of each step]

    state    {"params": {...}, "slots": {...}, "statistics": {...}}
    data     {"X": (rows, features), "y": (rows, outputs), "weight": (rows,) or None}
    numbers  {"alpha": (), "momentum": (), "rates": (hidden layers,), ...}
    columns  {"rows": (steps, batch), "count": (steps,), "rate": (steps,), ...}

A batch of fewer samples than `batch` has weights of 0 behind its `count`. The update rules are
those of scikit-learn, term by term, so that its results are met up to rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.autodiff.control_flow.scan import scan
from chainrule.autodiff.derivative import value_and_grad
from chainrule.interop.estimators.form import Form, per_sample_loss
from chainrule.nn.activations.activation import resolve_activation
from chainrule.nn.random_stream import RandomStream

__all__ = ["NORM_EPSILON", "initial_slots", "loss_and_gradient", "scores_of", "train_steps"]

NORM_EPSILON = 1e-5
"""Added to the variance of batch normalization; Ioffe & Szegedy (2015), Algorithm 1."""

_KEPT = 0.9
"""Weight of the past in the running statistics."""

Tree = dict[str, Any]


def scores_of(form: Form, params: Tree, statistics: Tree, X: Any) -> Any:
    """Return the outputs before the last activation, (n, outputs), of a trained network."""
    scores, _ = _forward(form, params, statistics, X, None, None, None)
    return scores


def _forward(
    form: Form, params: Tree, statistics: Tree, X: Any, numbers: Any, weight: Any, random: Any
) -> tuple[Any, Tree]:
    """Return the scores, and the running statistics; `random` is None outside of training."""
    values, new = X, dict(statistics)
    *hidden, last = range(len(params["coefs"]))
    for i in hidden:
        values = values @ params["coefs"][i] + params["intercepts"][i]
        if form.has_batch_norm:
            values, new = _normalized(values, i, params, new, weight, random is not None)
        values = resolve_activation(form.activations[i])(values)
        if form.has_dropout and random is not None:
            kept = random.uniform(values.shape, values.dtype) >= numbers["rates"][i]
            values = np.where(kept, values / (1 - numbers["rates"][i]), 0)
    return values @ params["coefs"][last] + params["intercepts"][last], new


def _normalized(
    values: Any, i: int, params: Tree, statistics: Tree, weight: Any, training: bool
) -> tuple[Any, Tree]:
    """Normalize the columns of a batch, by its weights, or by the running statistics."""
    if training:
        share = (weight / np.sum(weight))[:, None]
        mean = np.sum(share * values, axis=0)
        variance = np.sum(share * (values - mean) ** 2, axis=0)
        new = {"means": mean, "variances": variance}
        statistics = {
            name: [
                _KEPT * old + (1 - _KEPT) * new[name] if j == i else old
                for j, old in enumerate(statistics[name])
            ]
            for name in statistics
        }
    else:
        mean, variance = statistics["means"][i], statistics["variances"][i]
    scaled = (values - mean) / np.sqrt(variance + NORM_EPSILON)
    return params["gains"][i] * scaled + params["shifts"][i], statistics


def loss_and_gradient(
    form: Form, params: Tree, statistics: Tree, batch: Tree, numbers: Tree, random: Any
) -> tuple[Any, Any, Tree, Tree]:
    """Return objective, reported loss and statistics of a batch, and the gradient by `params`.

    Objective: (Σ wᵢ lᵢ + α/2 Σ W²) / Σ wᵢ.
    """
    differentiated, reported = per_sample_loss(form.loss, form.output)
    weight = batch["weight"]
    total = np.sum(weight)

    def objective(params: Tree) -> Any:
        scores, new = _forward(form, params, statistics, batch["X"], numbers, weight, random)
        squares = sum(np.sum(each * each) for each in params["coefs"])
        penalty = numbers["alpha"] / 2 * squares
        value = (np.sum(weight * differentiated(batch["y"], scores)) + penalty) / total
        shown = value
        if reported is not differentiated:
            shown = (np.sum(weight * reported(batch["y"], scores)) + penalty) / total
        return value, (shown, new)

    (value, (shown, new)), gradient = value_and_grad(objective, has_aux=True)(params)
    return value, shown, new, gradient


def initial_slots(form: Form, params: Tree) -> Tree:
    """Return zeros for what the solver keeps of each parameter."""
    names = ("first", "second") if form.solver == "adam" else ("velocity",)
    zeros = {name: [np.zeros_like(each) for each in group] for name, group in params.items()}
    return dict.fromkeys(names, zeros)


def train_steps(form: Form, state: Tree, data: Tree, numbers: Tree, columns: Tree) -> Any:
    """Run steps one after the other; return the new state and the loss of each."""

    def step(state: Tree, column: Tree) -> Any:
        rows = column["rows"]
        present = (np.arange(rows.shape[0]) < column["count"]).astype(data["X"].dtype)
        weight = present if data["weight"] is None else present * data["weight"][rows]
        batch = {"X": data["X"][rows], "y": data["y"][rows], "weight": weight}
        random: Any = True
        if form.has_dropout:
            random = RandomStream(numbers["key"], column["epoch"], column["step"])
        _, shown, statistics, gradient = loss_and_gradient(
            form, state["params"], state["statistics"], batch, numbers, random
        )
        params, slots = _update(form, state, gradient, numbers, column["rate"])
        return {"params": params, "slots": slots, "statistics": statistics}, shown

    return scan(step, state, columns)


def _update(form: Form, state: Tree, gradient: Tree, numbers: Tree, rate: Any) -> tuple[Tree, Tree]:
    """Return parameters and slots after a step of the solver."""
    rule = _adam if form.solver == "adam" else _momentum
    params: Tree = {}
    slots: Tree = {name: {} for name in state["slots"]}
    for group, values in state["params"].items():
        old = [{n: state["slots"][n][group][i] for n in slots} for i in range(len(values))]
        pairs = [
            rule(form, value, each, gradient[group][i], numbers, rate)
            for i, (value, each) in enumerate(zip(values, old, strict=True))
        ]
        params[group] = [value for value, _ in pairs]
        for name in slots:
            slots[name][group] = [each[name] for _, each in pairs]
    return params, slots


def _momentum(
    form: Form, value: Any, slots: Tree, gradient: Any, numbers: Tree, rate: Any
) -> tuple[Any, Tree]:
    velocity = numbers["momentum"] * slots["velocity"] - rate * gradient
    change = velocity
    if form.solver == "nesterov":
        change = numbers["momentum"] * velocity - rate * gradient
    return value + change, {"velocity": velocity}


def _adam(
    form: Form, value: Any, slots: Tree, gradient: Any, numbers: Tree, rate: Any
) -> tuple[Any, Tree]:
    """Kingma & Ba (2015), section 2: the bias corrections are part of the rate."""
    first = numbers["beta_1"] * slots["first"] + numbers["rest_1"] * gradient
    second = numbers["beta_2"] * slots["second"] + numbers["rest_2"] * gradient**2
    change = rate * first / (np.sqrt(second) + numbers["epsilon"])
    return value - change, {"first": first, "second": second}

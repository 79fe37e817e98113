"""Describes a layer of the user's own as programs, so that it runs where its class is not.

The description, in JSON::

    {"class": NAME, "vocabulary": 1,
     "parameters": [{"name": NAME, "shape": [...], "state": false, "weight": true,
                     "trainable": true}, ...],
     PROGRAMS of the output,
     "masked": {PROGRAMS} | {"reason": TEXT} | null,   null where it is told no mask
     "scores": {"activation": NAME, PROGRAMS, "masked": {PROGRAMS} | null} | null,
                                       before the last activation, for a loss that contains it
     "mask": {"plain": program | null, "masked": program | null} | null,   of its compute_mask
     "keeps_steps": true, "mask_values": [0.0],        as of `Layer`
     "penalty": program | null}        of the parameters

    PROGRAMS ::=
     "inference": program,             of the input, the mask and the parameters: the output
     "training": program | {"reason": TEXT},
     "states": [NAME, ...],            what training assigns: its outputs after the first
     "draws": SIZE                     random numbers of a step

The inputs of the training program are those of inference, the key of the random stream, epoch,
step, the number of the first draw, and the fraction that the batch is of a full one. Files of
format 2 have the first PROGRAMS and the penalty alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.nn.activations.activation import ACTIVATIONS, resolve_activation
from chainrule.nn.layer import Layer
from chainrule.nn.layers.wrappers import TimeDistributed
from chainrule.nn.mask import accepts_mask
from chainrule.train.files.programs.description import NotDescribable, Traced, describe_program
from chainrule.train.files.programs.layer_traces import LayerTraces
from chainrule.train.files.programs.sizes import (
    POINTS,
    POINTS_OF_PARTS,
    POINTS_OF_STEPS,
    Point,
    fitted,
)
from chainrule.train.files.programs.stored_layer import StoredLayer
from chainrule.train.files.programs.vocabulary import VERSION
from chainrule.train.model.model import gives_scores

__all__ = ["describe_layer"]

Store = Callable[[NDArray[Any]], str]


def describe_layer(
    layer: Any,
    dtype: np.dtype[Any],
    store: Store,
    may_mask: bool = False,
    is_last: bool = False,
    has_any_length: bool = True,
) -> dict[str, Any]:
    """Return the description of a built layer.

    Parameters
    ----------
    layer : Layer
        It has been called.
    dtype : dtype
        Of the input.
    store : callable
        ``store(array)`` keeps an array, and returns its name.
    may_mask : bool
        Whether the layer may be told a mask of padded steps.
    is_last : bool
        Whether a loss may take its scores.
    has_any_length : bool
        Whether an axis of steps may have another length than it has had, if that can be traced.

    Raises
    ------
    NotDescribable
        If its ``forward`` cannot be traced for batches of any size.
    """
    if isinstance(layer, StoredLayer):
        return layer.described(store)
    settings = layer, dtype, store, may_mask, is_last
    # The last axis of an input is that of features; one before it may have any length.
    has_steps = has_any_length and len(layer.input_shape) > 2
    for points in (POINTS_OF_STEPS, POINTS_OF_PARTS) if has_steps else ():
        try:
            described = _described(*settings, points)
        except NotDescribable:
            continue
        if "reason" not in described["training"]:
            return described
    return _described(*settings, POINTS)


def _described(
    layer: Any,
    dtype: np.dtype[Any],
    store: Store,
    may_mask: bool,
    is_last: bool,
    points: Sequence[Point],
) -> dict[str, Any]:
    traces = LayerTraces(layer, dtype, points)
    parameters = [
        {
            "name": name,
            "shape": list(each.array.shape),
            "state": each.is_state,
            "weight": each.is_weight,
            "trainable": each.trainable,
        }
        for name, each in layer.parameters().items()
    ]
    described = {
        "class": type(layer).__name__,
        "vocabulary": VERSION,
        "parameters": parameters,
        **_programs(traces, store),
        "masked": _masked(traces, store, may_mask),
        "scores": _scores(traces, store, may_mask) if is_last else None,
        "mask": _mask(traces, store, may_mask),
        "keeps_steps": bool(layer.keeps_steps),
        "mask_values": _mask_values(layer),
    }
    return described | {"penalty": _penalty(traces, store)}


def _programs(traces: LayerTraces, store: Store) -> dict[str, Any]:
    return {
        "inference": describe_program(traces.inference, traces.points, store, has_bands=True),
        **_training(traces, store),
    }


def _training(traces: LayerTraces, store: Store) -> dict[str, Any]:
    try:
        states = list(traces.states())
        draws = fitted([traces.draws(point) for point in traces.points], traces.points)
        if draws is None:
            raise NotDescribable("how many random numbers it draws is no polynomial")
        program = describe_program(traces.training, traces.points, store, has_bands=True)
    except NotDescribable as reason:
        return {"training": {"reason": str(reason)}, "states": [], "draws": 0}
    return {"training": program, "states": states, "draws": draws}


def _masked(traces: LayerTraces, store: Store, may_mask: bool) -> dict[str, Any] | None:
    """Return the programs of the layer when it is told a mask, if its ``forward`` takes one."""
    if not accepts_mask(type(traces.layer).forward):
        return None
    if not may_mask:
        return {"reason": "the network that was saved had no padded steps"}
    try:
        return _programs(replace(traces, has_mask=True), store)
    except NotDescribable as reason:
        return {"reason": f"with a mask {reason}"}


def _scores(traces: LayerTraces, store: Store, may_mask: bool) -> dict[str, Any] | None:
    output_layer = traces.layer
    while isinstance(output_layer, TimeDistributed):
        output_layer = output_layer.layer
    if not (gives_scores(traces.layer) and gives_scores(output_layer)):
        return None
    if not hasattr(output_layer, "activate"):
        return None
    resolved = resolve_activation(output_layer.activation)
    names = [name for name, each in ACTIVATIONS.items() if each is resolved]
    if not names:
        return None
    traces = replace(traces, has_scores=True)
    masked = replace(traces, has_mask=True) if may_mask else None
    try:
        return {
            "activation": names[0],
            **_programs(traces, store),
            "masked": None if masked is None else _programs(masked, store),
        }
    except NotDescribable:  # the loss is computed from the output
        return None


def _mask(traces: LayerTraces, store: Store, may_mask: bool) -> dict[str, Any] | None:
    if type(traces.layer).compute_mask is Layer.compute_mask or not may_mask:
        return None

    def described(traces: LayerTraces) -> dict[str, Any] | None:
        if traces.mask(traces.points[0]) is None:
            return None
        return describe_program(
            lambda point: cast(Traced, traces.mask(point)), traces.points, store, has_bands=True
        )

    try:
        return {
            "plain": described(traces),
            "masked": described(replace(traces, has_mask=True)),
        }
    except NotDescribable as reason:
        raise NotDescribable(f"its compute_mask is no program: {reason}") from None


def _mask_values(layer: Any) -> list[float]:
    values: Any = getattr(type(layer), "mask_values", None)
    return [] if values is None else [float(value) for _, value in values(layer)]


def _penalty(traces: LayerTraces, store: Store) -> dict[str, Any] | None:
    if traces.penalty(traces.points[0]) is None:
        return None
    return describe_program(
        lambda point: cast(Traced, traces.penalty(point)), traces.points, store, has_bands=True
    )

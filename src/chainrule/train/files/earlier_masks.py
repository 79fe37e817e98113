"""Files of the time when each recurrent layer looked for padding in its own input."""

from __future__ import annotations

from chainrule.errors import FormatError, warn
from chainrule.nn.layer import Layer
from chainrule.nn.layers.composite import Concatenate, Residual
from chainrule.nn.layers.dropout import Dropout, GaussianNoise
from chainrule.nn.layers.masking import Masking
from chainrule.nn.layers.reshape import Flatten, Permute, Reshape
from chainrule.nn.layers.wrappers import TimeDistributed
from chainrule.nn.mask import accepts_mask, mask_values_of
from chainrule.train.files.schema import Description
from chainrule.train.model.model import Model

__all__ = ["check_mask_value"]

_KEEPING = (Dropout, Flatten, GaussianNoise, Permute, Reshape)
"""Layers whose outputs, in inference, are numbers of their inputs."""


def check_mask_value(model: Model, description: Description) -> None:
    """Compare the value of padding that a file names with that of its layers.

    A file that names none is of an earlier version, in which layers without ``mask_value`` did not
    skip the padded steps: where they do so now, that is warned of.
    """
    value = model.stack.mask_value
    if description.has("mask_value"):
        if description.get("mask_value", float) != value:
            raise FormatError("load: 'mask_value' is not that of the layers")
        return
    if value is not None and (layer := _differing(model)) is not None:
        warn(
            "load: the file is of an earlier version, in which each recurrent layer looked for "
            f"padding, steps that equal {value:g}, in its own input. Now such steps of the "
            f"network's input are padding for all its layers, so layer {layer.name!r} computes "
            "something else from samples with padding: compare their predictions, and train on if "
            "they are worse. A file saved by this version does not warn"
        )


def _differing(model: Model) -> Layer | None:
    """Return the first layer that computes otherwise from padded samples than it did."""
    if any(isinstance(each, Masking) for each in model.layers):  # there was none
        return None
    has_value, is_masked = True, False  # whether what is padded has the value, and is skipped
    for layer, shape in zip(model.layers, model.output_shapes, strict=True):
        inner = layer.layer if isinstance(layer, TimeDistributed) else layer
        if mask_values_of([layer]):
            if not has_value or isinstance(layer, Concatenate | Residual):
                return layer
            is_masked = True
        elif is_masked and accepts_mask(type(inner).forward):
            return layer
        else:
            has_value = has_value and isinstance(layer, _KEEPING)
        if is_masked and len(shape) < 3:
            return None
    return None

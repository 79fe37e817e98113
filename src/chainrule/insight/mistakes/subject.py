"""What is examined: a network, its data as arrays, and the settings of its training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.nn.activations.activation import ACTIVATIONS, resolve_activation
from chainrule.nn.layer import Layer
from chainrule.nn.layers.convolution import Conv1D, Conv2D, Conv3D
from chainrule.nn.layers.dense import Dense
from chainrule.nn.losses.loss import Loss
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective

__all__ = ["Settings", "Subject", "activation_of", "is_linear", "target_nature"]

Array = NDArray[Any]
Nature = Literal["class", "binary", "several", "amounts", "text"]
"""Of targets: one class of several, yes or no, several labels a sample, numbers, names."""

WEIGHTED = (Dense, Conv1D, Conv2D, Conv3D)
"""Linear layers, which have an activation of their own."""


@dataclass(frozen=True)
class Settings:
    """The settings of ``fit``, as far as they are known.

    Parameters
    ----------
    epochs : int or None
        Passes over the data, None if unknown.
    batch_size : int or None
        Samples a step; None for all.
    is_weighted : bool
        Whether samples or classes have weights.
    """

    epochs: int | None = None
    batch_size: int | None = 32
    is_weighted: bool = False


@dataclass(frozen=True)
class Subject:
    """A network with its data.

    Parameters
    ----------
    net : Network
        A copy, built if its layers accept the inputs.
    model : Model
        Its layers and arguments of `compile`.
    X, y : array
        Inputs and targets, as given.
    X_val, y_val : array or None
        Samples of validation.
    settings : Settings
        Of the training.
    """

    net: Any
    model: Model
    X: Array
    y: Array
    X_val: Array | None
    y_val: Array | None
    settings: Settings

    @property
    def objective(self) -> Objective:
        """Loss, optimiser and metrics."""
        return self.model.objective("check")

    @property
    def loss(self) -> Loss:
        """The loss given to `compile`."""
        return self.objective.loss

    @property
    def layers(self) -> list[Layer]:
        """The layers, from input to output."""
        return list(self.model.layers)

    def name(self, layer: Layer) -> str:
        """Return the name of a layer in the network."""
        return self.model.names[self.layers.index(layer)]

    @property
    def outputs(self) -> int:
        """The number of outputs of a sample or step; 0 if the layers do not fit the inputs."""
        return (self.model.output_shape[-1] or 0) if self.model.output_shapes else 0

    @property
    def nature(self) -> Nature:
        """What the targets are."""
        rank = len(self.model.output_shape) if self.model.output_shapes else 0
        are_labels = self.loss.takes_labels and self.y.ndim == rank - 1 > 1
        return target_nature(self.y.reshape(-1) if are_labels else self.y, self.outputs, self.loss)

    @property
    def tail(self) -> list[str]:
        """The names of the activations after the last weights, linear ones left out."""
        found: list[str] = []
        for layer in reversed(self.layers):
            if (name := activation_of(layer)) not in ("", "linear"):
                found.insert(0, name)
            if layer.parameters():
                break
        return found

    @property
    def weighted(self) -> list[Layer]:
        """The layers with weights of their own that are linear but for their activation."""
        return [each for each in self.layers if isinstance(each, WEIGHTED)]

    @property
    def ends_plainly(self) -> bool:
        """Whether the outputs are those of the last weights and activation, not rescaled."""
        for layer in reversed(self.layers):
            if layer.parameters():
                return isinstance(layer, WEIGHTED)
            if not (activation_of(layer) or is_linear(layer)):
                return False
        return False


def activation_of(layer: Layer) -> str:
    """Return the name of the activation of a layer; "" if it has none, or one of the user's."""
    if not hasattr(layer, "activate"):
        return ""
    try:
        function = resolve_activation(layer.activation)
    except Exception:  # noqa: BLE001 (of a layer of the user's own)
        return ""
    return next((name for name, each in ACTIVATIONS.items() if each is function), "own")


def is_linear(layer: Layer) -> bool:
    """Whether a layer without weights is linear, or changes shapes alone."""
    return type(layer).__name__ in (
        "Dropout", "GaussianNoise", "Flatten", "Reshape", "Permute", "Identity", "BatchNorm",
        "LayerNorm", "GlobalAvgPool1D", "GlobalAvgPool2D", "AvgPool1D", "AvgPool2D",
    )  # fmt: skip


def target_nature(y: Array, outputs: int, loss: Loss) -> Nature:
    """Return what targets are, by their values and the number of outputs.

    Examples
    --------
    >>> from chainrule.nn.losses.loss import LOSSES
    >>> target_nature(np.eye(3), 3, LOSSES["mse"])
    'class'
    >>> target_nature(np.array([0.5, 17.0]), 1, LOSSES["mse"])
    'amounts'
    """
    if y.dtype.kind not in "biuf":
        return "text"
    if y.size == 0 or not np.isfinite(cast(Any, y)).all():
        return "amounts"
    is_row = y.ndim > 1 and y.shape[-1] > 1
    are_bits = bool(np.isin(y, (0, 1)).all())
    if is_row and are_bits:
        is_single = bool((y.sum(axis=-1) == 1).all())
        return "class" if is_single else "several"
    if is_row and not (loss.takes_labels and y.ndim == 2 and outputs not in y.shape[1:]):
        return "amounts"
    are_integers = bool((y == np.rint(y)).all())
    labels = np.unique(y)
    if are_bits or (len(labels) == 2 and set(labels.tolist()) in ({-1, 1}, {1, 2})):
        return "class" if outputs > 1 else "binary"
    if are_integers and (loss.takes_labels or outputs > 1 or loss.targets.are_classes):
        return "class" if len(labels) <= max(50, len(y) // 4) else "amounts"
    return "amounts"

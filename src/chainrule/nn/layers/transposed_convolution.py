"""Transposed (fractionally strided) convolution, for upsampling."""

from __future__ import annotations

from typing import Any

from chainrule.arguments.checks import checked_count, checked_flag, checked_l2
from chainrule.errors import ShapeError
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
from chainrule.nn.freezing import freeze_unless
from chainrule.nn.initializers.initializer import Initializer, checked_initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.layers.convolution import PerAxis
from chainrule.nn.layers.window_geometry import (
    Padding,
    WindowGeometry,
    check_axes,
    per_axis,
    resolve_padding,
)
from chainrule.ops.numpy_api.einsum import einsum
from chainrule.ops.primitives.windows import fold

__all__ = ["ConvTranspose2D"]


class ConvTranspose2D(Layer):
    """Transposed convolution of images (batch, height, width, channels), for upsampling.

    ::

        y[p · stride + i · dilation, out] = f(b[out] + Σ x[p, in] W[i, in, out])

    The linear part is the transpose of a `Conv2D` with the same arguments: it maps the output size
    of that layer back to its input size.

    Parameters
    ----------
    filters : int > 0
        Number of output channels.
    kernel_size : int or (int, int)
        Height and width of the kernel.
    strides : int or (int, int)
        Output pixels between adjacent input positions.
    padding : "valid", "same", int, or two of (int or pair of int)
        How much of the output is cropped at the borders. With the effective kernel size
        e = (kernel_size - 1) · dilation_rate + 1, an input length n becomes n · strides for "same"
        and n · strides + max(e - strides, 0) for "valid", as in Keras; for an int p it becomes
        (n - 1) · strides + e - 2 p, as in PyTorch.
    dilation_rate : int or (int, int)
        Pixels between adjacent kernel entries.
    activation : str, callable or None
        Activation f of the output; None for linear.
    use_bias : bool
        Whether to add the bias b.
    initializer : str or callable
        Initialiser of W; "auto" takes He normal for the ReLU family, Glorot uniform otherwise.
        b starts at 0.
    l2 : float >= 0
        λ of the L2 penalty λ/2·‖W‖² that is added to the loss.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.

    Attributes
    ----------
    weight : Parameter, (height, width, channels, filters)
        W.
    bias : Parameter, (filters,)
        b; None if `use_bias` is False.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

    References
    ----------
    Dumoulin & Visin (2016), "A guide to convolution arithmetic for deep learning", chapter 4.

    Examples
    --------
    >>> import numpy as np
    >>> ConvTranspose2D(3, 3, strides=2, padding="same")(np.zeros((5, 7, 7, 8))).shape
    (5, 14, 14, 3)
    """

    keeps_steps = False

    def __init__(
        self,
        filters: int,
        kernel_size: PerAxis,
        strides: PerAxis = 1,
        padding: Padding = "valid",
        dilation_rate: PerAxis = 1,
        activation: str | ActivationFunction | None = None,
        use_bias: bool = True,
        initializer: str | Initializer = "auto",
        l2: float = 0.0,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        kind = "ConvTranspose2D"
        self.filters = checked_count(kind, "filters", filters)
        self.geometry = WindowGeometry(
            per_axis(kind, "kernel_size", kernel_size, 2),
            per_axis(kind, "strides", strides, 2),
            per_axis(kind, "dilation_rate", dilation_rate, 2),
            resolve_padding(kind, padding, 2),
        )
        self.activation = activation
        self.activate = resolve_activation(activation)
        self.use_bias = checked_flag(kind, "use_bias", use_bias)
        self.initializer = checked_initializer(initializer)
        self.l2 = checked_l2(kind, l2)
        self.name = name
        freeze_unless(self, trainable)
        self.bias = None

    def build(self, input_shape: Shape) -> None:
        """Create W and b for the input's number of channels."""
        check_axes(self._title(), input_shape, 2)
        shape = (*self.geometry.sizes, input_shape[-1], self.filters)
        self.weight = self.parameter("weight", shape, self.initializer)
        if self.use_bias:
            self.bias = self.parameter("bias", (self.filters,))

    def forward(self, x: Any) -> Any:
        """Return f(Wᵀ * x + b), (batch, height, width, filters)."""
        return self.activate(self.pre_activation(x))

    def pre_activation(self, x: Any) -> Any:
        """Return Wᵀ * x + b, (batch, height, width, filters)."""
        check_axes(self._title(), x.shape, 2)
        lengths = self._output_lengths(x.shape[1:-1])
        crops = self.geometry.pad_widths(lengths)
        uncropped = tuple(n + sum(crop) for n, crop in zip(lengths, crops, strict=True))
        windows = einsum("bxyc,ijcf->bxyfij", x, self.weight.value)
        folded = fold(
            windows,
            shape=(x.shape[0], *uncropped, self.filters),
            axes=(1, 2),
            sizes=self.geometry.sizes,
            strides=self.geometry.strides,
            dilations=self.geometry.dilations,
        )
        (top, _), (left, _) = crops
        scores = folded[:, top : top + lengths[0], left : left + lengths[1]]
        return scores if self.bias is None else scores + self.bias

    def _output_lengths(self, lengths: tuple[int, ...]) -> tuple[int, ...]:
        """Height and width of the output."""
        geometry = self.geometry
        each = list(zip(lengths, geometry.strides, geometry.effective_sizes, strict=True))
        if geometry.padding == "same":
            return tuple(n * stride for n, stride, _ in each)
        if geometry.padding == "valid":
            return tuple(n * stride + max(size - stride, 0) for n, stride, size in each)
        crops = [sum(crop) for crop in geometry.pad_widths(lengths)]
        outputs = tuple(
            (n - 1) * stride + size - crop
            for (n, stride, size), crop in zip(each, crops, strict=True)
        )
        if min(outputs) < 1:
            raise ShapeError(
                f"{self._title()}: padding={geometry.padding} crops the whole output: for "
                f"{lengths[0]}x{lengths[1]} pixels it would be "
                f"{outputs[0]}x{outputs[1]}; crop less, or choose a larger kernel"
            )
        return outputs

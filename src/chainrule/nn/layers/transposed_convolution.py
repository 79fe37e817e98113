"""The transpose of a convolution: what draws larger pictures from smaller ones."""

from __future__ import annotations

from typing import Any

from chainrule.arguments.checks import checked_count, checked_flag, checked_l2
from chainrule.errors import ShapeError
from chainrule.nn.activations.activation import ActivationFunction, resolve_activation
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
    """Paint with a kernel: each pixel of the input adds the kernel, so much of it, to the output.

    ::

        y[place · stride + i · dilation, out] = f(b[out] + Σ x[place, in] W[i, in, out])

    It is the transpose of a `Conv2D` with the same arguments, and so undoes what that does to
    heights and widths.

    Parameters
    ----------
    filters : int > 0
        How many outputs at each place.
    kernel_size : int or (int, int)
        Height and width of the kernel.
    strides : int or (int, int)
        Pixels of the output from one place to the next.
    padding : "valid", "same", int, or two of (int or pair of int)
        What is cut off at the borders. A length n becomes n · strides with "same", n · strides +
        max(reach - strides, 0) with "valid", as in Keras, where the kernel reaches over
        (kernel_size - 1) · dilation_rate + 1; a number p leaves (n - 1) · strides + reach - 2 p, as
        in PyTorch.
    dilation_rate : int or (int, int)
        Pixels from one entry of the kernel to the next.
    activation : str, callable or None
        Applied to the result; None for none.
    use_bias : bool
        Whether to add b.
    initializer : str or callable
        How W is drawn; "auto" takes He's for the ReLU family and Glorot's otherwise. b starts at 0.
    l2 : float >= 0
        λ of the penalty λ/2·‖W‖² that is added to the loss.
    name : str or None
        Its name; None numbers it by kind.

    Attributes
    ----------
    weight : Parameter, (height, width, channels, filters)
        W.
    bias : Parameter, (filters,)
        b; None without.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    References
    ----------
    Dumoulin & Visin (2016), "A guide to convolution arithmetic for deep learning", chapter 4.

    Examples
    --------
    >>> import numpy as np
    >>> ConvTranspose2D(3, 3, strides=2, padding="same")(np.zeros((5, 7, 7, 8))).shape
    (5, 14, 14, 3)
    """

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
    ) -> None:
        kind = "ConvTranspose2D"
        self.filters = checked_count(kind, "filters", filters)
        self.sliding = WindowGeometry(
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
        self.bias = None

    def build(self, input_shape: Shape) -> None:
        """Make W and b for inputs with the channels on the last axis."""
        check_axes(self._title(), input_shape, 2)
        shape = (*self.sliding.sizes, input_shape[-1], self.filters)
        self.weight = self.parameter("weight", shape, self.initializer)
        if self.use_bias:
            self.bias = self.parameter("bias", (self.filters,))

    def forward(self, x: Any) -> Any:
        """Compute f(b + Wᵀ * x)."""
        check_axes(self._title(), x.shape, 2)
        lengths = self._lengths(x.shape[1:-1])
        margins = self.sliding.margins(lengths)
        whole = tuple(n + sum(cut) for n, cut in zip(lengths, margins, strict=True))
        spread = einsum("bxyc,ijcf->bxyfij", x, self.weight.value)
        painted = fold(
            spread,
            shape=(x.shape[0], *whole, self.filters),
            axes=(1, 2),
            sizes=self.sliding.sizes,
            strides=self.sliding.strides,
            dilations=self.sliding.dilations,
        )
        (top, _), (left, _) = margins
        scores = painted[:, top : top + lengths[0], left : left + lengths[1]]
        return self.activate(scores if self.bias is None else scores + self.bias)

    def _lengths(self, lengths: tuple[int, ...]) -> tuple[int, ...]:
        """Height and width of the output."""
        sliding = self.sliding
        each = list(zip(lengths, sliding.strides, sliding.reaches, strict=True))
        if sliding.padding == "same":
            return tuple(n * stride for n, stride, _ in each)
        if sliding.padding == "valid":
            return tuple(n * stride + max(reach - stride, 0) for n, stride, reach in each)
        cuts = [sum(cut) for cut in sliding.margins(lengths)]
        found = tuple(
            (n - 1) * s + reach - cut for (n, s, reach), cut in zip(each, cuts, strict=True)
        )
        if min(found) < 1:
            raise ShapeError(
                f"{self._title()}: padding={sliding.padding} cuts everything off: of "
                f"{lengths[0]}x{lengths[1]} pixels the output would be {found[0]}x{found[1]}; cut "
                "less, or choose a larger kernel"
            )
        return found

"""Convolution forward and backward, and pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.insight.lab.exercise import Exercise, Inputs, Mistake, Outputs
from chainrule.insight.lab.oracles import backward, layer
from chainrule.insight.lab.random_inputs import odd_eighths
from chainrule.nn.layers.global_pooling import GlobalAvgPool2D
from chainrule.nn.layers.pooling import AvgPool2D, MaxPool2D

__all__ = ["CONVOLUTIONS"]


def _image_and_kernel(rng: np.random.Generator, size: int) -> Inputs:
    height, width = size + 1, size
    rows, columns = min(size, 2), max(1, min(size - 1, 2))
    shape = height - rows + 1, width - columns + 1
    return {
        "x": odd_eighths(rng, height, width),
        "W": odd_eighths(rng, rows, columns),
        "d": odd_eighths(rng, *shape),
    }


def _correlation(x: Any, W: Any) -> Any:
    """Slide a kernel over an image, without padding: y[p, q] = Σ x[p + i, q + j] W[i, j]."""
    height, width = x.shape[0] - W.shape[0] + 1, x.shape[1] - W.shape[1] + 1
    terms = [
        x[i : i + height, j : j + width] * W[i, j]
        for i in range(W.shape[0])
        for j in range(W.shape[1])
    ]
    return sum(terms[1:], terms[0])


def _images(rng: np.random.Generator, size: int) -> Inputs:
    """Draw images of 2 × 2 squares, with ties; from size 3 as integers, as in files."""
    shape = (max(1, size - 1), 2 * max(1, size - 1), 2 * size if size < 3 else 4, max(1, size - 1))
    x = rng.integers(-2, 3, shape)
    out = (shape[0], shape[1] // 2, shape[2] // 2, shape[3])
    return {"x": x if size > 2 else x.astype(float), "d": odd_eighths(rng, *out)}


def _max_pool(inputs: Inputs) -> Outputs:
    return layer(MaxPool2D(2))({**inputs, "x": inputs["x"].astype(float)})


def _ties_shared(inputs: Inputs) -> Outputs:
    """Return the outputs with the gradient of a tie in equal parts."""
    squares = _squares(inputs["x"].astype(float))
    y = squares.max(axis=(2, 4), keepdims=True)
    is_largest = squares == y
    share = is_largest / is_largest.sum(axis=(2, 4), keepdims=True)
    gradient = share * inputs["d"][:, :, None, :, None]
    return y[:, :, 0, :, 0], gradient.reshape(inputs["x"].shape)


def _squares(x: Any) -> Any:
    n, height, width, channels = x.shape
    return x.reshape(n, height // 2, 2, width // 2, 2, channels)


_TRUNCATED = (
    "the gradient is truncated to integers, as np.zeros_like(x) has the dtype of an integer image: "
    "np.zeros(x.shape)"
)

_POOL = """\
    def forward(self, x):
        n, height, width, channels = x.shape
        s = x.reshape(n, height // 2, 2, width // 2, 2, channels)
        self.shape = x.shape
"""

_MAX_POOLING = f"""\
class MaxPooling:
{_POOL}\
        s = s.transpose(0, 1, 3, 5, 2, 4).reshape(n, height // 2, width // 2, channels, 4)
        self.largest = s.argmax(axis=-1)
        return s.max(axis=-1)

    def backward(self, d):
        n, height, width, channels = self.shape
        s = (np.arange(4) == self.largest[..., None]) * d[..., None]
        s = s.reshape(n, height // 2, width // 2, channels, 2, 2)
        return s.transpose(0, 1, 4, 2, 5, 3).reshape(self.shape)
"""

_AVERAGE_POOLING = f"""\
class AveragePooling:
{_POOL}\
        return s.mean(axis=(2, 4))

    def backward(self, d):
        return d.repeat(2, axis=1).repeat(2, axis=2) / 4
"""

_FORWARD = """\
def convolution_forward(x, W):
    rows, columns = W.shape
    y = np.zeros((x.shape[0] - rows + 1, x.shape[1] - columns + 1))
    for i in range(rows):
        for j in range(columns):
            y += x[i : i + y.shape[0], j : j + y.shape[1]] * W[i, j]
    return y
"""

_BACKWARD = """\
def convolution_backward(x, W, d):
    dx, dW = np.zeros(x.shape), np.zeros(W.shape)
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            window = slice(i, i + d.shape[0]), slice(j, j + d.shape[1])
            dx[window] += d * W[i, j]
            dW[i, j] += (d * x[window]).sum()
    return dx, dW
"""

_CONVOLUTION = (
    "y[p, q] = Σᵢ Σⱼ x[p + i, q + j] W[i, j], the kernel is not mirrored\n"
    "x: (H, V), W: (I, J), y, d: (H - I + 1, V - J + 1)"
)

CONVOLUTIONS = (
    Exercise(
        "max_pooling",
        "layers",
        "Write max pooling over squares of 2 × 2 pixels, and its backward pass. In a tie the first "
        "of the largest, row by row, gets the gradient; equal shares are accepted, too. The images "
        "may be integers.",
        "x, ∂L/∂x: (N, height, width, channels), y, d: (N, height/2, width/2, channels)",
        ("y", "∂L/∂x"),
        _MAX_POOLING,
        _images,
        _max_pool,
        (
            Mistake(
                "(np.arange(4) == self.largest[..., None]) * d[..., None]",
                "np.repeat(d[..., None], 4, axis=-1)",
                "only the largest of a square gets the gradient, not all four",
            ),
            Mistake("* d[..., None]", "* 1.0", "the largest gets d, not 1 (chain rule)"),
            Mistake("* d[..., None]", "* d[..., None] / 4", "no mean: the largest gets d, not d/4"),
            Mistake("s.max(axis=-1)", "s.mean(axis=-1)", "the largest of the square, not the mean"),
            Mistake(
                "s.argmax(axis=-1)",
                "s.argmin(axis=-1)",
                "the gradient goes to the largest, not to the smallest",
            ),
            Mistake(
                "s.transpose(0, 1, 4, 2, 5, 3)",
                "s.transpose(0, 1, 5, 2, 4, 3)",
                "rows and columns in a square are exchanged",
            ),
            Mistake(
                "* d[..., None]\n",
                "* d[..., None]\n        s = np.trunc(s)\n",
                "the gradient is truncated to integers, as np.zeros_like(x) of an integer image "
                "does: np.zeros(x.shape)",
            ),
        ),
        "the largest of each square gets the entry of d, the other three get 0",
        points=3,
        also=_ties_shared,
        suspects=(
            (
                lambda i: (
                    _ties_shared(i)[0],
                    (
                        (_squares(i["x"]) == _squares(i["x"]).max((2, 4), keepdims=True))
                        * i["d"][:, :, None, :, None]
                    ).reshape(i["x"].shape),
                ),
                "in a tie each of the largest gets all of d: give it to the first, or equal shares",
            ),
            (
                lambda i: (
                    _ties_shared(i)[0],
                    np.trunc(_max_pool(i)[1]) if i["x"].dtype.kind == "i" else _max_pool(i)[1],
                ),
                _TRUNCATED,
            ),
        ),
    ),
    Exercise(
        "average_pooling",
        "layers",
        "Write average pooling over squares of 2 × 2 pixels, and its backward pass.",
        "x, ∂L/∂x: (N, height, width, channels), y, d: (N, height/2, width/2, channels)",
        ("y", "∂L/∂x"),
        _AVERAGE_POOLING,
        lambda rng, size: {n: v * 1.0 for n, v in _images(rng, size).items()},
        layer(AvgPool2D(2)),
        (
            Mistake(" / 4", "", "each of the four gets d/4: the factor 1/4 is missing"),
            Mistake(" / 4", " / 2", "a square has four pixels: d/4"),
            Mistake("s.mean(", "s.sum(", "the mean of the square, not the sum"),
            Mistake("s.mean(", "s.max(", "the mean of the square, not the largest"),
        ),
        "each of the four pixels gets a quarter of the entry of d",
        points=2,
    ),
    Exercise(
        "global_average_pooling",
        "layers",
        "Write global average pooling, the mean of each channel over the image, and its backward "
        "pass.",
        "x, ∂L/∂x: (N, height, width, channels), y, d: (N, channels)",
        ("y", "∂L/∂x"),
        "class GlobalAveragePooling:\n"
        "    def forward(self, x):\n"
        "        self.shape = x.shape\n"
        "        return x.mean(axis=(1, 2))\n"
        "\n"
        "    def backward(self, d):\n"
        "        n, height, width, channels = self.shape\n"
        "        return np.ones(self.shape) * d[:, None, None, :] / (height * width)\n",
        lambda rng, size: {
            "x": odd_eighths(rng, size, size, size + 1, size),
            "d": odd_eighths(rng, size, size),
        },
        layer(GlobalAvgPool2D()),
        (
            Mistake(" / (height * width)", "", "each pixel gets d / (height · width)"),
            Mistake("np.ones(self.shape) * ", "", "the gradient has the shape of x"),
            Mistake("x.mean(axis=(1, 2))", "x.mean(axis=(1, 2, 3))", "the channels stay apart"),
            Mistake("x.mean(", "x.sum(", "the mean over the image, not the sum"),
            Mistake("x.mean(", "x.max(", "the mean over the image, not the largest"),
        ),
        "each pixel of a channel gets the same share of the entry of d",
    ),
    Exercise(
        "convolution_forward",
        "layers",
        "Write the convolution of an image with a kernel, as neural networks have it: without "
        "padding, stride 1.",
        _CONVOLUTION,
        ("y",),
        _FORWARD,
        lambda rng, size: {n: x for n, x in _image_and_kernel(rng, size).items() if n != "d"},
        lambda i: (np.asarray(_correlation(i["x"], i["W"])),),
        (
            Mistake(
                "W[i, j]",
                "W[rows - 1 - i, columns - 1 - j]",
                "the kernel is mirrored, as in mathematics; in networks it is not",
            ),
            Mistake("W[i, j]", "W[i, j] / W.size", "a sum over the window, not a mean"),
            Mistake(
                "x[i : i + y.shape[0], j", "x[: y.shape[0], j", "the window moves down: rows p + i"
            ),
        ),
        "two loops over the kernel, each adding a shifted part of x, times W[i, j]",
        points=2,
    ),
    Exercise(
        "convolution",
        "layers",
        "Write the backward pass of a convolution without padding, stride 1: from d = ∂L/∂y to the "
        "gradients of image and kernel.",
        _CONVOLUTION,
        ("∂L/∂x", "∂L/∂W"),
        _BACKWARD,
        _image_and_kernel,
        backward(_correlation, "x", "W"),
        (
            Mistake(
                "dx[window] += d * W[i, j]",
                "dx[window] += d * W[-1 - i, -1 - j]",
                "in ∂L/∂x the kernel is mirrored twice: dx[p + i, q + j] += d[p, q] W[i, j]",
            ),
            Mistake(
                "dx[window] += d",
                "dx[window] = d",
                "a pixel lies in several windows: their gradients are added, +=, not =",
            ),
            Mistake(
                "(d * x[window]).sum()",
                "(d * x[window]).mean()",
                "a kernel is used at every position: sum over them, no mean",
            ),
            Mistake("(d * x[window]).sum()", "x[window].sum()", "∂L/∂W: the factor d is missing"),
            Mistake("dW[i, j] +=", "dW[-1 - i, -1 - j] +=", "∂L/∂W is mirrored"),
        ),
        "W[i, j] multiplies x[p + i, q + j] in y[p, q]: each gradient is a sum over what is used",
        points=4,
    ),
)
"""Exercises on convolution and pooling."""

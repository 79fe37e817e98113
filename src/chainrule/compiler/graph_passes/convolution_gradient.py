"""Pattern match: a convolution's gradient in its input is itself a convolution.

::

    c = contract(cotangent, kernel)        dx[s q + r] = sum over t of
    dx = fold(c)                     ->        cotangent[q - before + spacing t]
                                               * kernel[last - step t]

A convolution is a contraction of windows with a kernel, so reverse mode gives the fold (col2im) of
a contraction, which would store a window for each position. For each residue r of the input's
position modulo the stride s, a subset of the kernel's taps contributes, at regular steps. So no
zeros are inserted between the elements of the cotangent, and the kernel is read backwards.

Legal where the fold alone reads the contraction and the operands separate positions from taps. Pays
for all but small contractions: nothing is stored for windows (decisions 0014, 0021). `lowering`
writes the contractions.

References
----------
Dumoulin & Visin (2016), "A guide to convolution arithmetic for deep learning", section 4.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace

from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.ops.primitives.contraction import contract, split_spec
from chainrule.ops.primitives.movement import strided_slice
from chainrule.ops.primitives.windows import fold

__all__ = ["InputGradient", "Taps", "WindowAxis", "input_gradients"]

MIN_SAMPLES = 8
"""Samples from which on register tiles run along the batch."""
CACHE_SET_STRIDE = 2048
"""Bytes: the rows of a tile that are a multiple of this apart evict one another from the cache."""


@dataclass(frozen=True)
class Taps:
    """The terms of the gradient at one residue, ``dx[s q + r]``.

    Each is position ``q - before + spacing t`` of the cotangent times tap ``last - step t`` of the
    kernel, for t below `count`.
    """

    quotients: int
    """Number of values of q."""
    count: int = 0
    """Number of taps, perhaps 0."""
    before: int = 0
    spacing: int = 0
    last: int = 0
    step: int = 0


@dataclass(frozen=True)
class WindowAxis:
    """One axis of the input along which the kernel's windows slide."""

    axis: int
    position: str
    """Letter of the window's position."""
    tap: str
    """Letter of the tap within the window."""
    size: int
    stride: int
    dilation: int
    positions: int
    """Number of windows."""
    start: int
    """First index of the input at which the gradient is computed, and their number."""
    length: int

    def taps(self, residue: int) -> Taps:
        """Return the terms of the gradient at a residue."""
        index = self.start + residue
        quotients = max(-(-(self.length - residue) // self.stride), 0)
        common = math.gcd(self.dilation, self.stride)
        step, spacing = self.stride // common, self.dilation // common
        hits = [i for i in range(self.size) if (index - self.dilation * i) % self.stride == 0]
        if not hits or not quotients:
            return Taps(quotients)
        shift = (index - self.dilation * hits[0]) // self.stride
        before = spacing * (len(hits) - 1) - shift
        return Taps(quotients, len(hits), before, spacing, hits[-1], step)

    @property
    def is_regular(self) -> bool:
        """Whether every residue has several indices, and a single tap never leaves the windows."""
        every = [self.taps(residue) for residue in range(self.stride)]
        return all(
            taps.quotients > 1
            and (taps.count != 1 or 0 <= -taps.before <= self.positions - taps.quotients)
            for taps in every
        )

    def padding(self) -> tuple[int, int]:
        """Return how many zeros the cotangent needs before and after its positions."""
        before = after = 0
        for taps in map(self.taps, range(self.stride)):
            if taps.count:
                end = taps.quotients - taps.before + taps.spacing * (taps.count - 1)
                before, after = max(before, taps.before), max(after, end - self.positions)
        return before, after


@dataclass(frozen=True)
class InputGradient:
    """``fold(contract(cotangent, kernel))``, or a slice of it."""

    cotangent: Node
    kernel: Node
    cotangent_letters: str
    kernel_letters: str
    letters: str
    """Letters of the gradient's axes."""
    window_axes: tuple[WindowAxis, ...]
    shape: tuple[int, ...]

    def padding(self) -> tuple[tuple[int, int], ...]:
        """Return the zeros that each axis of the cotangent needs before and after it."""
        bounded = self.bounded_axes()
        known = {each.position: each.padding() for each in self.window_axes if each not in bounded}
        return tuple(known.get(letter, (0, 0)) for letter in self.cotangent_letters)

    def bounded_axes(self) -> tuple[WindowAxis, ...]:
        """Return the axes whose taps are bounded by the ends of the cotangent instead of padding.

        The trip count of a bounded sum depends on the position, so a register tile must run along
        another axis: the samples, if there are enough and their rows map to different cache sets;
        else the last window axis, which is padded.
        """
        last = self.letters[-1]
        positions = {each.position for each in self.window_axes}
        has_channels = last in self.kernel_letters and last not in positions
        if not has_channels or dict(zip(self.letters, self.shape, strict=True))[last] == 1:
            return ()
        axes = self.window_axes if self._tiles_over_samples() else self.window_axes[:-1]
        return tuple(each for each in axes if each.is_regular)

    def _tiles_over_samples(self) -> bool:
        """Whether register tiles can run along an axis without windows."""
        positions = {each.position for each in self.window_axes}
        itemsize = self.cotangent.dtype.itemsize
        for number, length in enumerate(self.cotangent.shape):
            letter = self.cotangent_letters[number]
            stride = math.prod(self.cotangent.shape[number + 1 :]) * itemsize
            is_row = letter in self.letters and letter not in self.kernel_letters
            is_long = length >= MIN_SAMPLES and stride % CACHE_SET_STRIDE
            if is_row and letter not in positions and is_long:
                return True
        return False


def input_gradients(graph: Graph, min_work: int) -> tuple[dict[int, InputGradient], set[int]]:
    """Match the input gradients of a graph, of more than `min_work` multiplications each.

    Returns them by the serial numbers of the nodes they compute, and the nodes they replace.
    """
    reads = Counter(each.serial for node in graph.nodes for each in node.inputs)
    reads.update(node.serial for node in graph.outputs)
    gradients: dict[int, InputGradient] = {}
    inner: set[int] = set()
    for node in graph.equations:
        source = node.inputs[0] if node.inputs else None
        if node.primitive is fold and source is not None and reads[source.serial] == 1:
            gradient = _match_fold(node, source, min_work)
            if gradient is not None:
                gradients[node.serial] = gradient
                inner.add(source.serial)
        elif node.primitive is strided_slice and source is not None:
            whole = gradients.get(source.serial)
            if whole is not None and reads[source.serial] == 1 and _is_window_slice(node, whole):
                gradients[node.serial] = _sliced(node, whole)
                del gradients[source.serial]
                inner.add(source.serial)
    return gradients, inner


def _match_fold(node: Node, contraction: Node, min_work: int) -> InputGradient | None:
    """Return the fold of a contraction as an input gradient, if it is one."""
    if contraction.primitive is not contract or contraction.dtype.kind != "f":
        return None
    left, right, result = split_spec(contraction.params["spec"])
    rank = len(node.shape)
    lengths = dict(zip(result, contraction.shape, strict=True))
    axes, taps = node.params["axes"], result[rank:]
    sizes, strides, dilations = (node.params[name] for name in ("sizes", "strides", "dilations"))
    window_axes = tuple(
        WindowAxis(
            axis, result[axis], tap, sizes[k], strides[k], dilations[k],
            lengths[result[axis]], 0, node.shape[axis],
        )
        for k, (axis, tap) in enumerate(zip(axes, taps, strict=True))
    )  # fmt: skip
    if contraction.size * math.prod(_depth(contraction)) <= min_work:
        return None
    for cotangent, kernel in ((0, 1), (1, 0)):
        letters = (left, right)[cotangent], (left, right)[kernel]
        if _separates(window_axes, *letters):
            inputs = contraction.inputs[cotangent], contraction.inputs[kernel]
            return InputGradient(*inputs, *letters, result[:rank], window_axes, node.shape)
    return None


def _depth(contraction: Node) -> list[int]:
    """The lengths of the axes that a contraction sums over."""
    left, _, result = split_spec(contraction.params["spec"])
    pairs = zip(left, contraction.inputs[0].shape, strict=True)
    return [length for letter, length in pairs if letter not in result]


def _separates(window_axes: tuple[WindowAxis, ...], cotangent: str, kernel: str) -> bool:
    """Whether one operand has all positions, the other all taps."""
    return all(
        each.position in cotangent
        and each.position not in kernel
        and each.tap in kernel
        and each.tap not in cotangent
        for each in window_axes
    )


def _is_window_slice(node: Node, whole: InputGradient) -> bool:
    """Whether a slice only removes the ends of window axes."""
    axes = {each.axis for each in whole.window_axes}
    slices = enumerate(zip(node.params["slices"], node.inputs[0].shape, strict=True))
    return all(
        (count and step == 1) if axis in axes else (start, count, step) == (0, length, 1)
        for axis, ((start, count, step), length) in slices
    )


def _sliced(node: Node, whole: InputGradient) -> InputGradient:
    slices = node.params["slices"]
    axes = (
        replace(each, start=slices[each.axis][0], length=slices[each.axis][1])
        for each in whole.window_axes
    )
    return replace(whole, window_axes=tuple(axes), shape=node.shape)

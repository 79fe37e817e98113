"""The gradient of a convolution in its input, found in a graph.

A convolution is a contraction of windows with a kernel, so reverse mode makes of it the fold of a
contraction, ``fold(slope * kernel)``. Computed as it stands, this would store a window's worth of
numbers for each place. But it is a convolution itself::

    dx[s q + r] = sum over t of slope[q - before + spacing t] * kernel[last - step t]

For each residue r of the position modulo the stride s, other entries of the kernel meet other
places, at regular steps. So nothing is multiplied by the zeros that a stride would spread.

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

__all__ = ["InputGradient", "Slide", "Taps", "input_gradients"]

ENOUGH = 8
"""Samples that are worth tiles of their own."""
SAME_PLACE = 2048
"""Bytes: rows of a tile that lie a multiple of this apart push one another out of the cache."""


@dataclass(frozen=True)
class Taps:
    """What adds up to the entries of one residue, ``dx[s q + r]``.

    Parameters
    ----------
    turns : int
        Number of positions q.
    count : int
        Number of entries of the kernel, perhaps 0.
    before, spacing : int
        Places are met at ``q - before + spacing t``, for t below `count`.
    last, step : int
        Entries of the kernel are met at ``last - step t``.
    """

    turns: int
    count: int = 0
    before: int = 0
    spacing: int = 0
    last: int = 0
    step: int = 0


@dataclass(frozen=True)
class Slide:
    """One axis along which a kernel slides.

    Parameters
    ----------
    axis : int
        Of the input.
    place, entry : str
        Letters of the window's place and of the entry within it.
    size, stride, dilation : int
        Of the kernel.
    places : int
        How many places it takes.
    start, length : int
        The part of the input whose gradient is wanted.
    """

    axis: int
    place: str
    entry: str
    size: int
    stride: int
    dilation: int
    places: int
    start: int
    length: int

    def taps(self, residue: int) -> Taps:
        """Return what adds up to the entries of a residue."""
        position = self.start + residue
        turns = max(-(-(self.length - residue) // self.stride), 0)
        common = math.gcd(self.dilation, self.stride)
        step, spacing = self.stride // common, self.dilation // common
        hits = [i for i in range(self.size) if (position - self.dilation * i) % self.stride == 0]
        if not hits or not turns:
            return Taps(turns)
        shift = (position - self.dilation * hits[0]) // self.stride
        return Taps(turns, len(hits), spacing * (len(hits) - 1) - shift, spacing, hits[-1], step)

    @property
    def is_regular(self) -> bool:
        """Whether every residue has several positions, and none has one entry that sticks out."""
        every = [self.taps(residue) for residue in range(self.stride)]
        return all(
            each.turns > 1 and (each.count != 1 or 0 <= -each.before <= self.places - each.turns)
            for each in every
        )

    def margin(self) -> tuple[int, int]:
        """Return how many zeros the places need before and after them."""
        before = after = 0
        for taps in map(self.taps, range(self.stride)):
            if taps.count:
                reached = taps.turns - taps.before + taps.spacing * (taps.count - 1)
                before, after = max(before, taps.before), max(after, reached - self.places)
        return before, after


@dataclass(frozen=True)
class InputGradient:
    """``fold(slope * kernel)``, of which a part may be cut out.

    Parameters
    ----------
    slope, kernel : Node
        What is folded is their contraction.
    slope_letters, kernel_letters, letters : str
        The letters of their axes and of the result's.
    slides : tuple of Slide
        The axes that the kernel slides along.
    shape : tuple of int
        Of the gradient.
    """

    slope: Node
    kernel: Node
    slope_letters: str
    kernel_letters: str
    letters: str
    slides: tuple[Slide, ...]
    shape: tuple[int, ...]

    def margins(self) -> tuple[tuple[int, int], ...]:
        """Return the zeros that each axis of the slope needs before and after it."""
        bounded = self.bounded()
        known = {slide.place: slide.margin() for slide in self.slides if slide not in bounded}
        return tuple(known.get(letter, (0, 0)) for letter in self.slope_letters)

    def bounded(self) -> tuple[Slide, ...]:
        """Return the axes along which nothing beyond the ends is read, so no zeros are needed.

        How far the kernel reaches at a place then differs from place to place, so tiles, in which
        it is the same, have to lie along another axis: samples, if there are enough and their rows
        do not share the few places of a cache; else the last axis that the kernel slides along.
        """
        last = self.letters[-1]
        is_plain = last in self.kernel_letters and last not in {s.place for s in self.slides}
        if not is_plain or dict(zip(self.letters, self.shape, strict=True))[last] == 1:
            return ()
        slides = self.slides if self._tiles_over_samples() else self.slides[:-1]
        return tuple(slide for slide in slides if slide.is_regular)

    def _tiles_over_samples(self) -> bool:
        """Whether an axis that the kernel does not slide along is good to be cut into tiles."""
        slid, size = {slide.place for slide in self.slides}, self.slope.dtype.itemsize
        for letter, length in zip(self.slope_letters, self.slope.shape, strict=True):
            step = math.prod(self.slope.shape[self.slope_letters.index(letter) + 1 :]) * size
            is_row = letter in self.letters and letter not in self.kernel_letters
            if is_row and letter not in slid and length >= ENOUGH and step % SAME_PLACE:
                return True
        return False


def input_gradients(graph: Graph, smallest: int) -> tuple[dict[int, InputGradient], set[int]]:
    """Find the gradients of convolutions in their input."""
    reads = Counter(each.serial for node in graph.nodes for each in node.inputs)
    reads.update(node.serial for node in graph.outputs)
    found: dict[int, InputGradient] = {}
    inner: set[int] = set()
    for node in graph.equations:
        contraction = node.inputs[0] if node.inputs else None
        if node.primitive is fold and contraction is not None and reads[contraction.serial] == 1:
            gradient = _matched(node, contraction, smallest)
            if gradient is not None:
                found[node.serial] = gradient
                inner.add(contraction.serial)
        elif node.primitive is strided_slice and contraction is not None:
            whole = found.get(contraction.serial)
            if whole is not None and reads[contraction.serial] == 1 and _is_part(node, whole):
                found[node.serial] = _cut(node, whole)
                del found[contraction.serial]
                inner.add(contraction.serial)
    return found, inner


def _matched(node: Node, contraction: Node, smallest: int) -> InputGradient | None:
    """Return the fold of a contraction as a convolution, where it is one."""
    if contraction.primitive is not contract or contraction.dtype.kind != "f":
        return None
    left, right, result = split_spec(contraction.params["spec"])
    count = len(node.shape)
    lengths = dict(zip(result, contraction.shape, strict=True))
    axes, entries = node.params["axes"], result[count:]
    sizes, strides, dilations = (node.params[name] for name in ("sizes", "strides", "dilations"))
    slides = tuple(
        Slide(
            axis, result[axis], entry, sizes[k], strides[k], dilations[k],
            lengths[result[axis]], 0, node.shape[axis],
        )
        for k, (axis, entry) in enumerate(zip(axes, entries, strict=True))
    )  # fmt: skip
    is_large = contraction.size * math.prod(_summed(contraction)) > smallest
    for slope, kernel in ((0, 1), (1, 0)):
        letters = (left, right)[slope], (left, right)[kernel]
        if is_large and _slides_over(slides, *letters):
            inputs = contraction.inputs[slope], contraction.inputs[kernel]
            return InputGradient(*inputs, *letters, result[:count], slides, node.shape)
    return None


def _summed(contraction: Node) -> list[int]:
    left, _, result = split_spec(contraction.params["spec"])
    pairs = zip(left, contraction.inputs[0].shape, strict=True)
    return [length for letter, length in pairs if letter not in result]


def _slides_over(slides: tuple[Slide, ...], slope: str, kernel: str) -> bool:
    """Whether one operand has all places, the other all entries of the kernel."""
    return all(
        slide.place in slope
        and slide.place not in kernel
        and slide.entry in kernel
        and slide.entry not in slope
        for slide in slides
    )


def _is_part(node: Node, whole: InputGradient) -> bool:
    """Whether a slice only cuts off ends of axes that the kernel slides along."""
    slid = {slide.axis for slide in whole.slides}
    slices = enumerate(zip(node.params["slices"], node.inputs[0].shape, strict=True))
    return all(
        (count and step == 1) if axis in slid else (start, count, step) == (0, length, 1)
        for axis, ((start, count, step), length) in slices
    )


def _cut(node: Node, whole: InputGradient) -> InputGradient:
    slices = node.params["slices"]
    slides = (
        replace(slide, start=slices[slide.axis][0], length=slices[slide.axis][1])
        for slide in whole.slides
    )
    return replace(whole, slides=tuple(slides), shape=node.shape)

"""Unfold, fold (col2im) and the input gradient of convolutions."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.compiler.graph_passes.convolution_gradient import InputGradient, Taps
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Axis,
    Buffer,
    Contraction,
    Expression,
    IterationBound,
    Literal,
    Load,
    Statement,
)
from chainrule.compiler.lowering.graph_lowering import INPUT_GRADIENT, Lowering, Rule
from chainrule.graph.node import Node

__all__ = ["RULES"]


def _unfold(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    source, value = node.inputs[0], inputs[0]
    # Windows overlap, so the source is stored: most of it is read several times, or by a kernel.
    value = value if isinstance(value, Literal) else lowering.materialized(source)
    index = _source_index(node.params, lowering.canonical(node.shape), len(source.shape))
    return lowering.reindexed(value, source.shape, index)


def _source_index(params: dict[str, Any], index: Sequence[Affine], count: int) -> list[Affine]:
    """Return the index in an array of `count` axes of an element of one of its windows.

    Along an axis that windows slide along, it is ``stride * window + dilation * element``.
    """
    source = list(index[:count])
    names = ("axes", "strides", "dilations")
    along = zip(*(params[name] for name in names), index[count:], strict=True)
    for axis, stride, dilation, element in along:
        source[axis] = source[axis].scaled(stride) + element.scaled(dilation)
    return source


def _fold(lowering: Lowering, node: Node, inputs: list[Expression]) -> Load:
    """Store the windows where they do not overlap; else add them element by element."""
    target, target_index = lowering.target(node)
    canonical = lowering.canonical(node.inputs[0].shape)
    prefix = target_index[: len(target_index) - len(node.shape)]
    index = (*prefix, *_source_index(node.params, canonical, len(node.shape)))
    names = ("axes", "sizes", "strides", "dilations")
    along = list(zip(*(node.params[name] for name in names), strict=True))
    are_separate = all(stride > (size - 1) * dilation for _, size, stride, dilation in along)
    counts = node.inputs[0].shape
    are_complete = all(size == n and counts[i] * n == node.shape[i] for i, size, n, _ in along)
    if not (are_separate and are_complete):
        zero = Literal(np.zeros((), node.dtype)[()], node.dtype)
        lowering.items.append(Statement(target, target_index, zero, layer=node.layer))
    if are_separate:
        lowering.items.append(Statement(target, index, inputs[0], layer=node.layer))
        return Load(target, target_index)
    moving = (*node.params["axes"], *range(len(node.shape), len(canonical)))
    over = tuple(canonical[i].terms[0][0] for i in moving if canonical[i].terms)
    lowering.items.append(Statement(target, index, inputs[0], "scatter_add", over, node.layer))
    return Load(target, target_index)


def _input_gradient(lowering: Lowering, node: Node, inputs: list[Expression]) -> Load:
    """Write one contraction for each residue of the input's positions modulo the strides."""
    gradient = lowering.gradients[node.serial]
    target, index = lowering.target(node)
    for residues in itertools.product(*(range(window.stride) for window in gradient.window_axes)):
        taps = [window.taps(r) for window, r in zip(gradient.window_axes, residues, strict=True)]
        if all(each.quotients for each in taps):
            part = _ResidueClass(lowering, node, gradient, residues, taps)
            lowering.items.append(part.item(target, index))
    return Load(target, index)


class _ResidueClass:
    """The elements of an input gradient at one residue along each axis of the convolution."""

    def __init__(
        self,
        lowering: Lowering,
        node: Node,
        gradient: InputGradient,
        residues: tuple[int, ...],
        taps: list[Taps],
    ) -> None:
        self.lowering = lowering
        self.node = node
        self.gradient = gradient
        self.is_zero = not all(each.count for each in taps)
        self.index = list(lowering.canonical(node.shape))
        self.letters = dict(zip(gradient.letters, self.index, strict=True))
        self.depth: list[Axis] = []
        self.bounds: list[IterationBound] = []
        bounded = gradient.bounded_axes()
        for window, residue, tap in zip(gradient.window_axes, residues, taps, strict=True):
            quotient = self.index[window.axis]
            if window.stride > 1:
                quotient = _axis_index(Axis(tap.quotients, window.position))
                self.index[window.axis] = quotient.scaled(window.stride) + Affine(residue)
            t = Affine()
            if tap.count > 1:
                self.depth.append(Axis(tap.count, window.tap))
                t = Affine.of(self.depth[-1])
            position = quotient + t.scaled(tap.spacing) + Affine(-tap.before)
            if window in bounded and t.terms:
                self.bounds.append(IterationBound(position, window.positions))
            self.letters[window.position] = position
            self.letters[window.tap] = t.scaled(-tap.step) + Affine(tap.last)

    def item(self, target: Buffer, index: tuple[Affine, ...]) -> Contraction | Statement:
        """Return the contraction that computes these elements; zeros where the kernel has none."""
        node, gradient = self.node, self.gradient
        index = (*index[: len(index) - len(self.index)], *self.index)
        if self.is_zero:
            zero = Literal(np.zeros((), node.dtype)[()], node.dtype)
            return Statement(target, index, zero, layer=node.layer)
        lengths = zip(gradient.kernel_letters, gradient.kernel.shape, strict=True)
        for letter, length in lengths:
            if letter not in self.letters:
                axis = Axis(length, letter)
                self.letters[letter] = _axis_index(axis)
                self.depth += [axis] if length > 1 else []
        cotangent, kernel = gradient.cotangent, gradient.kernel
        read = [self.letters[letter] for letter in gradient.cotangent_letters]
        left = self.lowering.load_padded(cotangent, gradient.padding(), read)
        read = [self.letters[letter] for letter in gradient.kernel_letters]
        right = self.lowering.reindexed(self.lowering.materialized(kernel), kernel.shape, read)
        assert isinstance(right, Load)
        bounds = tuple(self.bounds)
        return Contraction(target, index, left, right, tuple(self.depth), node.layer, bounds)


def _axis_index(axis: Axis) -> Affine:
    return Affine.of(axis) if axis.extent > 1 else Affine()


RULES: dict[str, Rule] = {
    "unfold": _unfold,
    "fold": _fold,
    INPUT_GRADIENT: _input_gradient,
}

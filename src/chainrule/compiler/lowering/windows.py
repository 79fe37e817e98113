"""Folds: what windows hold is added up where it came from."""

from __future__ import annotations

import itertools

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
from chainrule.compiler.lowering.graph_lowering import Lowering, rule
from chainrule.compiler.lowering.movement import slid
from chainrule.graph.node import Node

__all__: list[str] = []


@rule("fold")
def _fold(lowering: Lowering, node: Node, inputs: list[Expression]) -> Load:
    """Store what windows hold, if they do not overlap; else add it up window by window."""
    target, place = lowering.target(node)
    own = lowering.canonical(node.inputs[0].shape)
    first = place[: len(place) - len(node.shape)]
    index = (*first, *slid(node.params, own, len(node.shape)))
    names = ("axes", "sizes", "strides", "dilations")
    along = list(zip(*(node.params[name] for name in names), strict=True))
    are_apart = all(stride > (size - 1) * dilation for _, size, stride, dilation in along)
    places = node.inputs[0].shape
    are_whole = all(size == n and places[i] * n == node.shape[i] for i, size, n, _ in along)
    if not (are_apart and are_whole):
        zero = Literal(np.zeros((), node.dtype)[()], node.dtype)
        lowering.items.append(Statement(target, place, zero, layer=node.layer))
    if are_apart:
        lowering.items.append(Statement(target, index, inputs[0], layer=node.layer))
        return Load(target, place)
    moving = (*node.params["axes"], *range(len(node.shape), len(own)))
    over = tuple(own[i].terms[0][0] for i in moving if own[i].terms)
    lowering.items.append(Statement(target, index, inputs[0], "scatter_add", over, node.layer))
    return Load(target, place)


@rule("input gradient")
def _input_gradient(lowering: Lowering, node: Node, inputs: list[Expression]) -> Load:
    """Write one contraction for each residue of the positions modulo the strides."""
    gradient = lowering.gradients[node.serial]
    target, place = lowering.target(node)
    for residues in itertools.product(*(range(slide.stride) for slide in gradient.slides)):
        taps = [slide.taps(r) for slide, r in zip(gradient.slides, residues, strict=True)]
        if all(each.turns for each in taps):
            part = _Part(lowering, node, gradient, residues, taps)
            lowering.items.append(part.item(target, place))
    return Load(target, place)


class _Part:
    """The entries of one residue along each axis that the kernel slides along."""

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
        self.is_empty = not all(each.count for each in taps)
        self.index = list(lowering.canonical(node.shape))
        self.places = dict(zip(gradient.letters, self.index, strict=True))
        self.depth: list[Axis] = []
        self.bounds: list[IterationBound] = []
        bounded = gradient.bounded()
        for slide, residue, tap in zip(gradient.slides, residues, taps, strict=True):
            turn = self.index[slide.axis]
            if slide.stride > 1:
                turn = _along(Axis(tap.turns, slide.place))
                self.index[slide.axis] = turn.scaled(slide.stride) + Affine(residue)
            entry = Affine()
            if tap.count > 1:
                self.depth.append(Axis(tap.count, slide.entry))
                entry = Affine.of(self.depth[-1])
            place = turn + entry.scaled(tap.spacing) + Affine(-tap.before)
            if slide in bounded and entry.terms:
                self.bounds.append(IterationBound(place, slide.places))
            self.places[slide.place] = place
            self.places[slide.entry] = entry.scaled(-tap.step) + Affine(tap.last)

    def item(self, target: Buffer, place: tuple[Affine, ...]) -> Contraction | Statement:
        """Return the contraction that fills these entries; zeros where the kernel has none."""
        node, gradient = self.node, self.gradient
        index = (*place[: len(place) - len(self.index)], *self.index)
        if self.is_empty:
            zero = Literal(np.zeros((), node.dtype)[()], node.dtype)
            return Statement(target, index, zero, layer=node.layer)
        lengths = zip(gradient.kernel_letters, gradient.kernel.shape, strict=True)
        for letter, length in lengths:
            if letter not in self.places:
                axis = Axis(length, letter)
                self.places[letter] = _along(axis)
                self.depth += [axis] if length > 1 else []
        slope, kernel = gradient.slope, gradient.kernel
        read = [self.places[letter] for letter in gradient.slope_letters]
        left = self.lowering.reach(slope, gradient.margins(), read)
        read = [self.places[letter] for letter in gradient.kernel_letters]
        right = self.lowering.moved(self.lowering.stored(kernel), kernel.shape, read)
        assert isinstance(right, Load)
        bounds = tuple(self.bounds)
        return Contraction(target, index, left, right, tuple(self.depth), node.layer, bounds)


def _along(axis: Axis) -> Affine:
    return Affine.of(axis) if axis.extent > 1 else Affine()

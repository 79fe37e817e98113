"""Traces of a layer of the user's own: in inference and in training, told a mask or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.kept_trace import run_on_types
from chainrule.graph.node import Node, as_node, variable
from chainrule.nn import environment
from chainrule.nn.batch_share import in_traced_batch
from chainrule.nn.mask import accepts_mask
from chainrule.nn.random_stream import RandomStream
from chainrule.train.files.programs.description import NotDescribable, Traced
from chainrule.train.files.programs.sizes import POINTS, Point

__all__ = ["LayerTraces"]


@dataclass
class LayerTraces:
    """Traces of one layer, of its output, or of its scores: that before the last activation.

    The first inputs are those of the layer, and a mask if it `has_mask`; then the parameters. At
    all `points` but `POINTS`, the second axis of the input has any length.
    """

    layer: Any
    dtype: np.dtype[Any]
    points: Sequence[Point] = POINTS
    has_mask: bool = False
    has_scores: bool = False
    _bound: dict[str, Node] = field(default_factory=dict[str, Node])

    def inference(self, point: Point) -> Traced:
        """Trace the layer in inference: of the inputs and the parameters, the output."""
        return self._traced(point, (), lambda *inputs: [self._output(inputs, None)])

    def training(self, point: Point) -> Traced:
        """Trace the layer in training; its outputs are followed by the states it assigns."""
        integer = np.dtype("int64")
        # As a number of Python's, the fraction takes the dtype of the arrays.
        share_type = ArrayType(np.dtype("float64"), (), weak=True)
        types = ArrayType(np.dtype("uint32"), (2,)), *[ArrayType(integer, ())] * 3, share_type

        def run(*values: Any) -> list[Any]:
            *inputs, key, epoch, step, number, share = values
            with in_traced_batch(share):
                output = self._output(inputs, RandomStream(key, epoch, step).at(number))
            return [output, *self._assigned().values()]

        return self._traced(point, types, run)

    def states(self) -> list[str]:
        """Return the names of the states that training assigns."""
        names: list[str] = []

        def run(*inputs: Any) -> list[Any]:
            self._output(inputs, RandomStream(0))
            names.extend(self._assigned())
            return []

        self._traced(self.points[0], (), run)
        return names

    def draws(self, point: Point) -> int:
        """Return how many random numbers a step draws."""
        stream = RandomStream(0)
        self._traced(point, (), lambda *inputs: [self._output(inputs, stream)])
        return stream.reserve(0)

    def penalty(self, point: Point) -> Traced | None:
        """Trace the penalty, of the parameters alone; None if it is zero."""
        traced = self._traced(point, (), lambda *_: [self.layer.penalty()])
        (output,) = traced.outputs
        if output.primitive is None and not np.any(output.known_value):
            return None
        return Traced(traced.inputs[1:], traced.outputs)

    def mask(self, point: Point) -> Traced | None:
        """Trace what `Layer.compute_mask` returns; None if it returns none."""
        found: list[Any] = []

        def run(x: Any, mask: Any = None) -> list[Any]:
            found[:] = [self.layer.compute_mask(x, mask)]
            return [] if found[0] is None else found

        traced = self._traced(point, (), run)
        return None if found[0] is None else traced

    def _output(self, inputs: Any, random: RandomStream | None) -> Any:
        x, mask = inputs if self.has_mask else (inputs[0], None)
        method = self.layer.pre_activation if self.has_scores else self.layer.forward
        named = {"mask": mask} if accepts_mask(getattr(method, "__func__", method)) else {}
        call = self.layer.scores if self.has_scores else self.layer
        return call(x, random=random, **named)

    def _assigned(self) -> dict[str, Any]:
        traced = environment.current()
        values = {} if traced is None else traced.values
        return {
            name: values[each]
            for name, each in self.layer.parameters().items()
            if each.is_state and values[each] is not self._bound[name]
        }

    def _traced(
        self, point: Point, types: tuple[ArrayType, ...], run: Callable[..., list[Any]]
    ) -> Traced:
        try:
            return with_filled_arrays(partial(self._run, point, types, run), self.layer)
        except (ChainruleError, ValueError, TypeError, IndexError) as error:
            raise NotDescribable(f"it cannot be traced: {str(error)[:200]}") from None

    def _run(
        self, point: Point, types: tuple[ArrayType, ...], run: Callable[..., list[Any]]
    ) -> Traced:
        with run_on_types(self.layer), self._entered() as bound:
            shape = list(self.layer.input_shape[1:])
            if self.points is not POINTS:
                shape[0] = point.steps
            inputs = [variable(ArrayType(self.dtype, (point.samples, *shape)), name="x")]
            if self.has_mask:
                type_ = ArrayType(np.dtype("bool"), (point.samples, shape[0]))
                inputs.append(variable(type_, name="mask"))
            others = [variable(each) for each in types]
            outputs = [as_node(each) for each in run(*inputs, *others)]
        return Traced([*inputs, *bound, *others], outputs)

    @contextmanager
    def _entered(self) -> Any:
        """Bind each parameter to a variable, within an environment that is discarded."""
        parameters = self.layer.parameters()
        with environment.entered(keep=lambda *_: None) as traced:
            self._bound = {
                name: variable(ArrayType(each.array.dtype, each.array.shape), name=name)
                for name, each in parameters.items()
            }
            for name, each in parameters.items():
                traced.values[each] = self._bound[name]
            yield list(self._bound.values())

"""Describes a layer of the user's own as programs, so that it runs where its class is not.

The description, in JSON::

    {"class": NAME, "vocabulary": 1,
     "parameters": [{"name": NAME, "shape": [...], "state": false, "weight": true,
                     "trainable": true}, ...],
     "inference": program,             of the input and the parameters: the output
     "training": program | {"reason": TEXT},
     "states": [NAME, ...],            what training assigns: its outputs after the first
     "draws": SIZE,                    random numbers of a step
     "penalty": program | null}        of the parameters

The inputs of the training program are those of inference, the key of the random stream, epoch,
step, the number of the first draw, and the fraction that the batch is of a full one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ChainruleError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.kept_trace import run_on_types
from chainrule.graph.node import Node, as_node, variable
from chainrule.nn import environment
from chainrule.nn.batch_share import in_traced_batch
from chainrule.nn.random_stream import RandomStream
from chainrule.train.files.programs.description import NotDescribable, Traced, describe_program
from chainrule.train.files.programs.sizes import POINTS, POINTS_OF_STEPS, Point, fitted
from chainrule.train.files.programs.stored_layer import StoredLayer
from chainrule.train.files.programs.vocabulary import VERSION

__all__ = ["describe_layer"]

Store = Callable[[NDArray[Any]], str]


def describe_layer(layer: Any, dtype: np.dtype[Any], store: Store) -> dict[str, Any]:
    """Return the description of a built layer.

    Raises
    ------
    NotDescribable
        If its ``forward`` cannot be traced for batches of any size.
    """
    if isinstance(layer, StoredLayer):
        return layer.described(store)
    traces = _Traces(layer, dtype)
    parameters = [
        {
            "name": name,
            "shape": list(each.array.shape),
            "state": each.is_state,
            "weight": each.is_weight,
            "trainable": each.trainable,
        }
        for name, each in layer.parameters().items()
    ]
    return {
        "class": type(layer).__name__,
        "vocabulary": VERSION,
        "parameters": parameters,
        "inference": describe_program(traces.inference, traces.points, store),
        **_training(traces, store),
        "penalty": _penalty(traces, store),
    }


def _training(traces: _Traces, store: Store) -> dict[str, Any]:
    try:
        states = list(traces.states())
        draws = fitted([traces.draws(point) for point in traces.points], traces.points)
        if draws is None:
            raise NotDescribable("how many random numbers it draws is no polynomial")
        program = describe_program(traces.training, traces.points, store)
    except NotDescribable as reason:
        return {"training": {"reason": str(reason)}, "states": [], "draws": 0}
    return {"training": program, "states": states, "draws": draws}


def _penalty(traces: _Traces, store: Store) -> dict[str, Any] | None:
    if traces.penalty(traces.points[0]) is None:
        return None
    return describe_program(lambda point: cast(Traced, traces.penalty(point)), traces.points, store)


class _Traces:
    """Traces of one layer: in inference and in training, and of its penalty."""

    def __init__(self, layer: Any, dtype: np.dtype[Any]) -> None:
        self._layer, self._dtype = layer, dtype
        self._parameters = layer.parameters()
        self.points = POINTS_OF_STEPS if None in layer.input_shape[1:] else POINTS

    def inference(self, point: Point) -> Traced:
        """Trace the layer in inference: of the input and the parameters, the output."""
        return self._traced(point, (), lambda x: [self._layer(x)])

    def training(self, point: Point) -> Traced:
        """Trace the layer in training; its outputs are followed by the states it assigns."""
        integer = np.dtype("int64")
        # As a number of Python's, the fraction takes the dtype of the arrays.
        share_type = ArrayType(np.dtype("float64"), (), weak=True)
        types = ArrayType(np.dtype("uint32"), (2,)), *[ArrayType(integer, ())] * 3, share_type

        def run(x: Any, key: Any, epoch: Any, step: Any, number: Any, share: Any) -> list[Any]:
            with in_traced_batch(share):
                output = self._layer(x, random=RandomStream(key, epoch, step).at(number))
            return [output, *self._assigned().values()]

        return self._traced(point, types, run)

    def states(self) -> list[str]:
        """Return the names of the states that training assigns."""
        names: list[str] = []

        def run(x: Any) -> list[Any]:
            self._layer(x, random=RandomStream(0))
            names.extend(self._assigned())
            return []

        self._traced(self.points[0], (), run)
        return names

    def draws(self, point: Point) -> int:
        """Return how many random numbers a step draws."""
        stream = RandomStream(0)
        self._traced(point, (), lambda x: [self._layer(x, random=stream)])
        return stream.reserve(0)

    def penalty(self, point: Point) -> Traced | None:
        """Trace the penalty, of the parameters alone; None if it is zero."""
        traced = self._traced(point, (), lambda x: [self._layer.penalty()])
        (output,) = traced.outputs
        if output.primitive is None and not np.any(output.known_value):
            return None
        return Traced(traced.inputs[1:], traced.outputs)

    def _assigned(self) -> dict[str, Any]:
        traced = environment.current()
        values = {} if traced is None else traced.values
        return {
            name: values[each]
            for name, each in self._parameters.items()
            if each.is_state and values[each] is not self._bound[name]
        }

    def _traced(
        self, point: Point, types: tuple[ArrayType, ...], run: Callable[..., list[Any]]
    ) -> Traced:
        try:
            return with_filled_arrays(partial(self._run, point, types, run), self._layer)
        except ChainruleError as error:
            raise NotDescribable(f"it cannot be traced: {str(error)[:200]}") from None

    def _run(
        self, point: Point, types: tuple[ArrayType, ...], run: Callable[..., list[Any]]
    ) -> Traced:
        with run_on_types(self._layer), self._entered() as bound:
            shape = [point.steps if each is None else each for each in self._layer.input_shape[1:]]
            x = variable(ArrayType(self._dtype, (point.samples, *shape)), name="x")
            others = [variable(each) for each in types]
            outputs = [as_node(each) for each in run(x, *others)]
        return Traced([x, *bound, *others], outputs)

    @contextmanager
    def _entered(self) -> Any:
        """Bind each parameter to a variable, within an environment that is discarded."""
        with environment.entered(keep=lambda *_: None) as traced:
            self._bound: dict[str, Node] = {
                name: variable(ArrayType(each.array.dtype, each.array.shape), name=name)
                for name, each in self._parameters.items()
            }
            for name, each in self._parameters.items():
                traced.values[each] = self._bound[name]
            yield list(self._bound.values())

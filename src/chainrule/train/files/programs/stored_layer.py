"""A layer whose class is not at hand: its programs are those of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn import training_mode
from chainrule.nn.batch_share import current_batch
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.mask import note_end
from chainrule.nn.random_stream import RandomStream
from chainrule.train.files.programs.form import DTYPES
from chainrule.train.files.programs.program import Program, with_constants_renamed
from chainrule.train.files.programs.sizes import POINTS_OF_STEPS, Point, point_of, size_at
from chainrule.train.files.programs.stored_calls import (
    StoredCall,
    check_layer,
    read_call,
    read_mask,
    read_masked,
    read_scores,
)
from chainrule.train.files.schema import STORED

__all__ = ["StoredLayer"]

Tensors = Mapping[str, NDArray[Any]]


class StoredLayer(Layer):
    """A layer of a file, described by programs; see `layer_description`.

    Parameters
    ----------
    description : dict
        The programs.
    tensors : mapping of str to array
        The constants of the programs, by name.

    Raises
    ------
    FormatError
        If the description is not one of a layer, or of a later vocabulary.
    """

    def __init__(self, description: dict[str, Any], tensors: Tensors) -> None:
        super().__init__()
        check_layer(description)
        self.class_name: str = description["class"]
        self._description, self._tensors = description, tensors
        parts = tensors, description["parameters"]
        # Kind and arguments of its class, and attributes by path, for files that `custom` reads.
        self.origin: tuple[dict[str, Any], dict[str, dict[str, Any]]] | None = None
        self._plain = read_call(description, *parts)
        self._masked = read_masked(description.get("masked"), *parts)
        scores = read_scores(description.get("scores"), *parts)
        self._scores: tuple[StoredCall, StoredCall | None] | None = None
        if scores is not None:  # which a loss asks for by these attributes
            self.activation, plain, masked = scores
            self.activate, self._scores = self.activation, (plain, masked)
        self._mask = read_mask(description.get("mask"), *parts)
        penalty = description["penalty"]
        self._penalty = None if penalty is None else Program(penalty, tensors).checked()
        self.keeps_steps = description.get("keeps_steps", True) and self._keeps_steps()

    @property
    def kind(self) -> str:
        """Name of the class in a file."""
        return STORED

    @property
    def has_scores(self) -> bool:
        """Whether the file has the output before the last activation."""
        return self._scores is not None

    @property
    def gives_mask(self) -> bool:
        """Whether the layer gives a mask that no value of the input names."""
        return self._mask is not None and self._mask[0] is not None

    def build(self, input_shape: Shape) -> None:
        """Create the parameters that the file names."""
        for each in self._description["parameters"]:
            trainable = not each["state"]
            parameter = self.parameter(each["name"], tuple(each["shape"]), "zeros", trainable)
            parameter.is_weight, parameter.trainable = each["weight"], each["trainable"]

    def forward(self, x: Any, mask: Any = None) -> Any:
        """Compute the output by the program of inference."""
        return self._run(*self._called(x, mask), None)

    def train_forward(self, x: Any, random: RandomStream, mask: Any = None) -> Any:
        """Compute the output by the program of training, and assign the states."""
        return self._run(*self._called(x, mask), random)

    def pre_activation(self, x: Any, mask: Any = None) -> Any:
        """Compute the output before the last activation."""
        assert self._scores is not None, "has_scores says so"
        plain, masked = self._scores
        call, inputs = (plain, [x]) if mask is None or masked is None else (masked, [x, mask])
        return self._run(call, inputs, training_mode.stream())

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return the mask of the output, by its program, or as of any layer."""
        if self._mask is not None:
            program = self._mask[mask is not None]
            inputs = [x] if mask is None else [x, mask]
            return None if program is None else self._computed(program, inputs)[0]
        if mask is None or self.keeps_steps:
            return mask
        if self._masked is None or self._output_axes() > 2:
            note_end(self)
        return None

    def mask_values(self) -> list[tuple[Layer, float]]:
        """Return the values of padding that layers within it have named."""
        return [(self, value) for value in self._description.get("mask_values", [])]

    def penalty(self) -> Any:
        """Return the penalty that the file describes."""
        if self._penalty is None:
            return 0
        (value,) = self._penalty(Point(1, 1), *self._values())
        return value

    def described(self, store: Callable[[NDArray[Any]], str]) -> dict[str, Any]:
        """Return the description for another file, whose tensors have other names."""
        flags = [
            each | {"trainable": self._parameters[each["name"]].trainable}
            for each in self._description["parameters"]
        ]
        description = with_constants_renamed(self._description, self._tensors, store)
        return description | {"parameters": flags}

    def config(self) -> dict[str, Any]:
        """Return no arguments: the programs are an entry of the file of their own."""
        return {}

    def _called(self, x: Any, mask: Any) -> tuple[StoredCall, list[Any]]:
        """Return the call that takes these inputs; a layer that is told no mask goes without."""
        if mask is None or self._masked is None:
            return self._plain, [x]
        if self._masked.inference is None:
            raise ArgumentError(
                f"{self._title()}: its input has padded steps, and the file does not hold how "
                f"{self.class_name} takes a mask, as {self._masked.reason}; {self._remedy()}"
            )
        return self._masked, [x, mask]

    def _run(self, call: StoredCall, inputs: list[Any], random: RandomStream | None) -> Any:
        if random is None:
            assert call.inference is not None, "a call without programs is refused before"
            return self._computed(call.inference, inputs)[0]
        if call.training is None:
            raise ArgumentError(
                f"{self._title()}: the file does not hold how {self.class_name} is trained, as "
                f"{call.reason}; {self._remedy()}"
            )
        key, epoch, step = random.origin()
        point = self._point(call.training, inputs)
        number: Any = random.reserve(size_at(call.draws, point))
        integers = [
            np.int64(each) if isinstance(each, int) else each for each in (epoch, step, number)
        ]
        batch = current_batch()
        share = np.float64(1.0 if batch is None else batch.share)
        output, *states = self._computed(call.training, inputs, key, *integers, share)
        for name, value in zip(call.states, states, strict=True):
            self._parameters[name].value = value
        return output

    def _computed(self, program: Program, inputs: list[Any], *others: Any) -> list[Any]:
        point = self._point(program, inputs)
        dtype = DTYPES[program.description["inputs"][0][0]]
        x, *masks = inputs
        x = x if x.dtype == dtype else x.astype(dtype)
        return program(point, x, *masks, *self._values(), *others)

    def _point(self, program: Program, inputs: list[Any]) -> Point:
        """Return the sizes of inputs; raise a ShapeError for others than the program takes."""
        x = inputs[0]
        shape = program.description["inputs"][0][1]
        sizes: list[Any] = ["batch", *shape[1:]]
        if x.ndim == len(shape):
            point = point_of(x, shape)
            if tuple(size_at(each, point) for each in shape) == x.shape:
                return point
        held = ", ".join("any" if isinstance(each, dict) else str(each) for each in sizes)
        raise ShapeError(
            f"{self._title()}: its input has shape {x.shape}, but the file holds {self.class_name} "
            f"for inputs of shape ({held}); give inputs of that shape, or {self._remedy()}"
        )

    def _remedy(self) -> str:
        return f"load it with custom={{{self.class_name!r}: {self.class_name}}}"

    def _values(self) -> list[Any]:
        return [each.value for each in self._parameters.values()]

    def _keeps_steps(self) -> bool:
        """Whether the output has the samples and steps of the input, and features."""
        program = self._plain.inference
        assert program is not None, "the first programs have one of inference"
        for point in (POINTS_OF_STEPS[0], POINTS_OF_STEPS[-1]):
            x, output = program.types_at(point)
            if min(len(x), len(output)) < 3 or x[:2] != output[:2]:
                return False
        return True

    def _output_axes(self) -> int:
        assert self._plain.inference is not None, "the first programs have one of inference"
        return len(self._plain.inference.types_at(POINTS_OF_STEPS[0])[1])

    def __repr__(self) -> str:
        return f"<stored layer {self.class_name}>"

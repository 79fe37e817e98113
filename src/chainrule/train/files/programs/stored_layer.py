"""A layer whose class is not at hand: its programs are those of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError, FormatError
from chainrule.nn.batch_share import current_batch
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.random_stream import RandomStream
from chainrule.train.files.programs.program import Program, with_constants_renamed
from chainrule.train.files.programs.sizes import Point, checked_size, point_of, size_at
from chainrule.train.files.programs.vocabulary import VERSION
from chainrule.train.files.schema import STORED

__all__ = ["StoredLayer"]

Tensors = Mapping[str, NDArray[Any]]

_ENTRIES = (
    "class", "vocabulary", "parameters", "inference", "training", "states", "draws", "penalty",
)  # fmt: skip


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
        _check(description)
        self.class_name: str = description["class"]
        self._description, self._tensors = description, tensors
        self._inference = Program(description["inference"], tensors).checked()
        training, penalty = description["training"], description["penalty"]
        self._reason = training.get("reason", "")
        self._training = None if self._reason else Program(training, tensors).checked()
        self._penalty = None if penalty is None else Program(penalty, tensors).checked()

    @property
    def kind(self) -> str:
        """Name of the class in a file."""
        return STORED

    def build(self, input_shape: Shape) -> None:
        """Create the parameters that the file names."""
        for each in self._description["parameters"]:
            trainable = not each["state"]
            parameter = self.parameter(each["name"], tuple(each["shape"]), "zeros", trainable)
            parameter.is_weight, parameter.trainable = each["weight"], each["trainable"]

    def forward(self, x: Any) -> Any:
        """Compute the output by the program of inference."""
        (output,) = self._inference(self._point(x), x, *self._values())
        return output

    def train_forward(self, x: Any, random: RandomStream) -> Any:
        """Compute the output by the program of training, and assign the states."""
        if self._training is None:
            raise ArgumentError(
                f"{self._title()}: the file does not hold how {self.class_name} is trained, as "
                f"{self._reason}; load it with custom={{{self.class_name!r}: {self.class_name}}}"
            )
        point = self._point(x)
        key, epoch, step = random.origin()
        number: Any = random.reserve(size_at(self._description["draws"], point))
        integers = [
            np.int64(each) if isinstance(each, int) else each for each in (epoch, step, number)
        ]
        batch = current_batch()
        share = np.float64(1.0 if batch is None else batch.share)
        inputs = x, *self._values(), key, *integers, share
        output, *states = self._training(point, *inputs)
        for name, value in zip(self._description["states"], states, strict=True):
            self._parameters[name].value = value
        return output

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

    def _values(self) -> list[Any]:
        return [each.value for each in self._parameters.values()]

    def _point(self, x: Any) -> Point:
        return point_of(x, self._inference.description["inputs"][0][1])

    def __repr__(self) -> str:
        return f"<stored layer {self.class_name}>"


def _check(description: Any) -> None:
    if not isinstance(description, dict) or description.keys() != set(_ENTRIES):
        raise FormatError("load: 'programs' has an entry that is no layer")
    number, name = description["vocabulary"], description["class"]
    if type(number) is not int or not 1 <= number <= VERSION:
        raise FormatError(
            f"load: a layer has operations of vocabulary {number!r:.20}; this version reads those "
            f"up to {VERSION}: update chainrule"
        )
    if not (isinstance(name, str) and name.isidentifier() and len(name) <= 1000):
        raise FormatError("load: 'programs' has a class without a name")
    checked_size(description["draws"])
    parameters, states = description["parameters"], description["states"]
    if not isinstance(parameters, list) or not all(map(_is_parameter, parameters)):
        raise FormatError("load: 'programs' has a parameter that is none")
    names = [each["name"] for each in parameters]
    known = {each["name"] for each in parameters if each["state"]}
    if len(set(names)) != len(names) or not isinstance(states, list) or not known >= set(states):
        raise FormatError("load: 'programs' has names of parameters that do not fit together")
    _check_counts(description, len(names), len(states))


def _is_parameter(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    if entry.keys() != {"name", "shape", "state", "weight", "trainable"}:
        return False
    flags = [entry["state"], entry["weight"], entry["trainable"]]
    shape, name = entry["shape"], entry["name"]
    is_shape = isinstance(shape, list) and all(type(n) is int and 0 <= n < 2**40 for n in shape)
    is_name = isinstance(name, str) and 0 < len(name) <= 1000 and name.isprintable()
    return is_shape and is_name and all(type(each) is bool for each in flags)


def _check_counts(description: dict[str, Any], parameters: int, states: int) -> None:
    """Compare the inputs and outputs of the programs with the parameters."""
    training, penalty = description["training"], description["penalty"]
    wanted = {"inference": (1 + parameters, 1)}
    if isinstance(training, dict) and training.keys() == {"reason"}:
        if not isinstance(training["reason"], str) or len(training["reason"]) > 1000:
            raise FormatError("load: 'programs' has a reason that is no text")
    else:
        wanted["training"] = 1 + parameters + 5, 1 + states
    if penalty is not None:
        wanted["penalty"] = parameters, 1
    for name, (inputs, outputs) in wanted.items():
        program = description[name]
        counts = (
            [program.get(each) for each in ("inputs", "outputs")]
            if isinstance(program, dict)
            else []
        )
        if [len(each) if isinstance(each, list) else -1 for each in counts] != [inputs, outputs]:
            raise FormatError(
                f"load: the {name} program has other inputs or outputs than its layer"
            )

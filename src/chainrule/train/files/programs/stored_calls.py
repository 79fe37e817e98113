"""The ways to call a layer of a file, each with programs of inference and of training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from numpy.typing import NDArray

from chainrule.errors import FormatError
from chainrule.nn.activations.activation import ACTIVATIONS
from chainrule.train.files.programs.program import Program
from chainrule.train.files.programs.sizes import checked_size
from chainrule.train.files.programs.vocabulary import VERSION

__all__ = [
    "StoredCall",
    "check_layer",
    "read_call",
    "read_mask",
    "read_masked",
    "read_program",
    "read_scores",
]

Tensors = Mapping[str, NDArray[Any]]

_PROGRAMS = {"inference", "training", "states", "draws"}
_NEEDED = {"class", "vocabulary", "parameters", "penalty"} | _PROGRAMS
_SINCE_FORMAT_3 = {"masked", "scores", "mask", "keeps_steps", "mask_values"}

_LONGEST = 1000
"""Characters of a name or reason."""


@dataclass(frozen=True)
class StoredCall:
    """Programs of one way to call a layer; where one is missing, `reason` says why."""

    inference: Program | None
    training: Program | None
    states: list[str]
    draws: Any
    reason: str = ""


def read_call(entry: Any, tensors: Tensors, parameters: list[Any], inputs: int = 1) -> StoredCall:
    """Return what an entry with PROGRAMS has, see `layer_description`; or raise a FormatError.

    The programs take so many inputs besides the parameters.
    """
    if not isinstance(entry, dict) or not entry.keys() >= _PROGRAMS:
        raise FormatError("load: 'programs' has an entry without its programs")
    fields = cast(dict[str, Any], entry)
    states, training = fields["states"], fields["training"]
    known = {each["name"] for each in parameters if each["state"]}
    are_names = isinstance(states, list) and all(type(each) is str for each in states)
    if not are_names or not known >= set(states) or len(set(states)) < len(states):
        raise FormatError("load: 'programs' has names of parameters that do not fit together")
    checked_size(fields["draws"])
    count = inputs + len(parameters)
    inference = read_program(fields["inference"], tensors, count, 1)
    if isinstance(training, dict) and training.keys() == {"reason"}:
        return StoredCall(inference, None, states, 0, _reason(training))
    program = read_program(training, tensors, count + 5, 1 + len(states))
    return StoredCall(inference, program, states, fields["draws"])


def read_masked(entry: Any, tensors: Tensors, parameters: list[Any]) -> StoredCall | None:
    """Return the programs of a call with a mask; None where a layer is told none."""
    if entry is None:
        return None
    if isinstance(entry, dict) and entry.keys() == {"reason"}:
        return StoredCall(None, None, [], 0, _reason(entry))
    return read_call(entry, tensors, parameters, inputs=2)


def read_scores(
    entry: Any, tensors: Tensors, parameters: list[Any]
) -> tuple[str, StoredCall, StoredCall | None] | None:
    """Return activation and calls of the scores; None where a layer has none."""
    if entry is None:
        return None
    if not isinstance(entry, dict) or entry.keys() != _PROGRAMS | {"activation", "masked"}:
        raise FormatError("load: 'programs' has scores that are none")
    name = cast(dict[str, Any], entry)["activation"]
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise FormatError("load: 'programs' has scores of no activation")
    masked = read_masked(cast(dict[str, Any], entry)["masked"], tensors, parameters)
    return name, read_call(entry, tensors, parameters), masked


def read_mask(
    entry: Any, tensors: Tensors, parameters: list[Any]
) -> tuple[Program | None, Program | None] | None:
    """Return the programs of a mask of the output, without and with one of the input."""
    if entry is None:
        return None
    if not isinstance(entry, dict) or entry.keys() != {"plain", "masked"}:
        raise FormatError("load: 'programs' has a mask that is none")
    plain, masked = (
        None if each is None else read_program(each, tensors, inputs + len(parameters), 1)
        for each, inputs in zip(cast(dict[str, Any], entry).values(), (1, 2), strict=True)
    )
    return plain, masked


def read_program(entry: Any, tensors: Tensors, inputs: int, outputs: int) -> Program:
    """Return a checked program of so many inputs and outputs, or raise a FormatError."""
    fields = cast(dict[str, Any], entry if isinstance(entry, dict) else {})
    counts = [fields.get(name) for name in ("inputs", "outputs")]
    if [len(each) if isinstance(each, list) else -1 for each in counts] != [inputs, outputs]:
        raise FormatError("load: a program has other inputs or outputs than its layer")
    return Program(fields, tensors).checked()


def check_layer(description: Any) -> None:
    """Raise a FormatError unless the entries but the programs are those of a layer."""
    names = cast(Any, description).keys() if isinstance(description, dict) else set[str]()
    if not _NEEDED <= names <= _NEEDED | _SINCE_FORMAT_3:
        raise FormatError("load: 'programs' has an entry that is no layer")
    number, name = description["vocabulary"], description["class"]
    if type(number) is not int or not 1 <= number <= VERSION:
        raise FormatError(
            f"load: a layer has operations of vocabulary {number!r:.20}; this version reads those "
            f"up to {VERSION}: update chainrule"
        )
    if not (isinstance(name, str) and name.isidentifier() and len(name) <= _LONGEST):
        raise FormatError("load: 'programs' has a class without a name")
    parameters = description["parameters"]
    if not isinstance(parameters, list) or not all(map(_is_parameter, parameters)):
        raise FormatError("load: 'programs' has a parameter that is none")
    if len({each["name"] for each in parameters}) != len(parameters):
        raise FormatError("load: 'programs' has two parameters of one name")
    values = description.get("mask_values", [])
    are_numbers = isinstance(values, list) and all(type(each) is float for each in values)
    if type(description.get("keeps_steps", True)) is not bool or not are_numbers:
        raise FormatError("load: 'programs' has settings of a mask that are none")


def _is_parameter(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    if entry.keys() != {"name", "shape", "state", "weight", "trainable"}:
        return False
    flags = [entry["state"], entry["weight"], entry["trainable"]]
    shape, name = entry["shape"], entry["name"]
    is_shape = isinstance(shape, list) and all(type(n) is int and 0 <= n < 2**40 for n in shape)
    is_name = isinstance(name, str) and 0 < len(name) <= _LONGEST and name.isprintable()
    return is_shape and is_name and all(type(each) is bool for each in flags)


def _reason(entry: Any) -> str:
    reason = entry["reason"]
    if not isinstance(reason, str) or len(reason) > _LONGEST:
        raise FormatError("load: 'programs' has a reason that is no text")
    return reason

"""The recurrence of RNN, LSTM and GRU: a scan over the time axis, with masked steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_flag
from chainrule.autodiff.control_flow.scan import scan
from chainrule.errors import ShapeError
from chainrule.nn.layer import Shape
from chainrule.nn.mask import checked_mask, checked_mask_value

__all__ = [
    "RecurrentOptions",
    "Step",
    "checked_features",
    "checked_options",
    "project_input",
    "run_recurrence",
]

Step = Callable[[tuple[Any, ...], Any], tuple[Any, ...]]
"""From the states and the input projection of a step to the next states, the output first."""


@dataclass(frozen=True)
class RecurrentOptions:
    """What every recurrent layer takes besides its weights; the arguments of the same names."""

    return_sequences: bool
    go_backwards: bool
    mask_value: float | None

    def mask_of_output(self, x: Any, mask: Any) -> Any:
        """Return the mask of the output: none of the last step alone."""
        if not self.return_sequences:
            return None
        if mask is None and self.mask_value is not None:
            mask = np.any(x != self.mask_value, axis=-1)
        return mask if mask is None or not self.go_backwards else mask[:, ::-1]


def checked_options(
    owner: str, return_sequences: Any, go_backwards: Any, mask_value: Any
) -> RecurrentOptions:
    """Return the options of a layer, each checked for its type."""
    return RecurrentOptions(
        checked_flag(owner, "return_sequences", return_sequences),
        checked_flag(owner, "go_backwards", go_backwards),
        None if mask_value is None else checked_mask_value(owner, mask_value),
    )


def project_input(x: Any, weight: Any, bias: Any) -> Any:
    """Return x W + b of all steps at once, time first: (time, batch, width)."""
    projection = np.swapaxes(x, 0, 1) @ weight
    return projection if bias is None else projection + bias


def run_recurrence(
    x: Any,
    input_projection: Any,
    step: Step,
    sizes: tuple[int, ...],
    options: RecurrentOptions,
    mask: Any = None,
    initial_state: Any = None,
) -> Any:
    """Scan `step` over time from the initial states, (batch, size) each, or from zeros.

    The caller projects the input of all steps in one product, (time, batch, width); the loop
    computes only what depends on the states. A masked step carries the states over unchanged and
    outputs the mask value, or 0. Without a mask, `x` is compared with the mask value.
    """
    shapes, dtype = [(x.shape[0], size) for size in sizes], input_projection.dtype
    start = tuple(np.zeros(shape, dtype) for shape in shapes)
    if initial_state is not None:
        start = _checked_states(initial_state, shapes, dtype)
    value = options.mask_value
    if mask is not None:
        mask = checked_mask("a recurrent layer", mask, x.shape[:2])[..., None]
    elif value is not None:
        mask = np.any(x != value, axis=-1, keepdims=True)
    fill = 0.0 if value is None else value

    def body(carry: tuple[Any, ...], inputs: tuple[Any, Any]) -> tuple[Any, Any]:
        projection, is_unmasked = inputs
        states = step(carry, projection)
        output = states[0]
        if is_unmasked is not None:
            pairs = zip(states, carry, strict=True)
            states = tuple(np.where(is_unmasked, new, old) for new, old in pairs)
            output = np.where(is_unmasked, output, fill)
        return states, output if options.return_sequences else None

    inputs = (input_projection, None if mask is None else np.swapaxes(mask, 0, 1))
    (last, *_), outputs = scan(body, start, inputs, reverse=options.go_backwards)
    if not options.return_sequences:
        return last
    return np.swapaxes(outputs[::-1] if options.go_backwards else outputs, 0, 1)


def _checked_states(value: Any, shapes: list[tuple[int, int]], dtype: Any) -> tuple[Any, ...]:
    """Return initial states as arrays or nodes; one state may stand alone, several are a tuple."""
    states = value if isinstance(value, tuple | list) else [value]
    states = [each if hasattr(each, "shape") else np.asarray(each) for each in states]
    if [each.shape for each in states] != shapes:
        names = "h, c"[: 3 * len(shapes) - 2]
        given = ", ".join(str(each.shape) for each in states)
        rule = "one array" if len(shapes) == 1 else f"a tuple ({names}) of arrays"
        raise ShapeError(
            f"initial_state has shape {given}; it must be {rule} (batch, units) = {shapes[0]}, "
            "one row a sample; a layer such as nn.Dense gives features that number"
        )
    return tuple(each if each.dtype == dtype else each.astype(dtype) for each in states)


def checked_features(title: str, input_shape: Shape) -> int:
    """Return the number of features of an input (batch, time, features)."""
    if len(input_shape) != 3 or input_shape[-1] is None:
        remedy = ""
        if len(input_shape) == 2:
            remedy = (
                "; for one feature pass x[..., None], and below another recurrent layer give that "
                "one return_sequences=True"
            )
        shape = ", ".join(map(str, ("batch", *input_shape[1:])))
        raise ShapeError(
            f"{title}: its input has shape ({shape}), but it needs (batch, time, features){remedy}"
        )
    return input_shape[-1]

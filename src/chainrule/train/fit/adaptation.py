"""Layers adapt to the training samples before the first update: `Layer.adapt` is called."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from chainrule.arguments.signature import check_call
from chainrule.data.stored_rows import ROWS_READ_IN_PARTS
from chainrule.errors import ArgumentError
from chainrule.nn.adaptation import inputs_of_next, mark_adapted, needs_data
from chainrule.nn.layers.feature_normalization import Normalization
from chainrule.nn.mask import accepts_mask
from chainrule.train.inputs.samples import batches
from chainrule.train.model.model import Model

__all__ = ["adapt_layers", "restored_on_error"]

_BATCH_SIZE = 1024


def adapt_layers(model: Model, X: Any) -> None:
    """Call ``adapt`` of the layers that need data, from the first one that the inputs reach."""
    while pending := _pending(model):
        first = model.layers[0]
        reads_blocks = not isinstance(X, ROWS_READ_IN_PARTS) or isinstance(first, Normalization)
        if pending[0] is first and reads_blocks and not model.stack.may_mask:
            _adapt(model, first, X, None)  # not copied
            continue
        parts = (X[rows] for rows in batches(len(X), _BATCH_SIZE))
        found = inputs_of_next(model.stack.apply, parts)
        if found is None:
            layer = pending[0]
            raise ArgumentError(
                f"fit: layer {layer.name or layer.kind!r} ({type(layer).__name__}) takes "
                "statistics of its inputs, but no input reaches it; call its adapt(X) before, or "
                "leave it out"
            )
        _adapt(model, *found)


def _adapt(model: Model, layer: Any, x: Any, mask: Any) -> None:
    check_call(f"fit: {layer.name or layer.kind}.adapt", layer.adapt, ("x",))
    named = {} if mask is None or not accepts_mask(type(layer).adapt) else {"mask": mask}
    with model.parameter_lock.writing():
        layer.adapt(x, **named)
        mark_adapted(layer)
    if needs_data(layer):
        raise ArgumentError(f"fit: layer {layer.name!r} has no statistics after its adapt")


def _pending(model: Model) -> list[Any]:
    return [each for each in model.stack.adapting if needs_data(each)]


def restored_on_error(model: Model) -> AbstractContextManager[None]:
    """Restore what ``adapt`` changes if the ``with`` block raises."""
    pending = _pending(model)
    return _restored_on_error(pending) if pending else nullcontext()


@contextmanager
def _restored_on_error(layers: list[Any]) -> Generator[None]:
    before = [
        (layer, dict(vars(layer)), [(e, e.array, e.array.copy()) for e in _parameters(layer)])
        for layer in layers
    ]
    try:
        yield
    except BaseException:
        for layer, attributes, arrays in before:
            vars(layer).clear()
            vars(layer).update(attributes)
            for parameter, array, values in arrays:
                parameter.array = array
                array[...] = values
        raise


def _parameters(layer: Any) -> list[Any]:
    return list(layer.parameters().values())

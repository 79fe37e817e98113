"""Layers from outside: those that a training uses, but no layer of its network holds.

::

    def forward(self, x):
        return nn.Dense(3)(x)       # another layer in each call: its weights are never trained
"""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

from chainrule.errors import ArgumentError, counted, warn

__all__ = ["refuse_outside"]

_warned_of: WeakSet[Any] = WeakSet()


def refuse_outside(layer: Any, caller: Any, unbound: list[Any]) -> None:
    """Refuse trainable parameters, read in the call of a layer, that its network does not have.

    `caller` has called the layer and does not hold it; both are None after all calls. Of another
    network, which may have a training of its own, this is a warning.
    """
    own: dict[str, Any] = {} if layer is None else layer.parameters()
    is_own = any(each is unbound[0] for each in own.values())
    users = [each for each in (caller if is_own else layer,) if each is not None]
    subject = _title(users[0]) if users else "the loss, or a metric,"
    if is_own:
        count = sum(each.size for each in own.values() if each.trainable)
        what = f"{_title(layer)}, which it does not hold, so {counted(count, 'weight')}"
    else:
        what = f"parameter {unbound[0].name} of a layer that it does not hold, which"
    made = f"{type(layer).__name__}(...)" if is_own else "that layer"
    remedy = (
        "put it into a layer of the network"
        if not users
        else f"hold it in an attribute, a list, a tuple or a dict, as self.layer = {made} in "
        "__init__"
    )
    message = (
        f"fit: {subject} uses {what} would never be trained; {remedy}; or, if they are to stay as "
        "they are, set its trainable = False"
    )
    binding = vars(layer).get("_binding") if is_own else None
    if binding is None:
        raise ArgumentError(message)
    unbound.clear()
    if layer not in _warned_of and binding.saved is None:
        _warned_of.add(layer)
        warn(message)


def _title(layer: Any) -> str:
    return layer._title()

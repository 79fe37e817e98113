"""Orders of Bessel functions: integers that are known while the function is traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import UnsupportedError
from chainrule.graph.node import Node
from chainrule.graph.remedies import BY_HAND
from chainrule.ops.primitives.elementwise import equal
from chainrule.ops.primitives.selection import select
from chainrule.ops.scipy_api.series import in_double

__all__ = ["of_static_order", "static_integers"]


def of_static_order(
    name: str, function: Callable[[int, Any], Any], order: Any, x: Any, largest: int
) -> Any:
    """Apply ``function(n, x)``, where each n of an array of orders has its own formula."""
    orders = static_integers(name, order, largest)
    distinct = sorted({int(each) for each in orders.flat}) or [0]
    values = [in_double(lambda x, n=n: function(n, x))(x) for n in distinct]
    if not orders.shape:
        return values[0]
    result = select(equal(orders, distinct[0]), values[0], values[0])
    for n, value in zip(distinct[1:], values[1:], strict=True):
        result = select(equal(orders, n), value, result)
    return result


def static_integers(name: str, order: Any, largest: int) -> np.ndarray[Any, Any]:
    """Return integers that are known while tracing, up to a largest size; refuse others."""
    if isinstance(order, Node):
        if order.array_type.is_float or not order.is_known:
            raise UnsupportedError(
                f"scipy.special.{name}: its order is a traced value; the order must be an integer "
                "that is no argument of the traced function: under cr.jit, use static_argnums=..., "
                f"or {BY_HAND}"
            )
        order = order.value
    orders: np.ndarray[Any, Any] = np.asarray(order)
    is_integer = orders.dtype.kind in "biuf" and bool(np.all(orders == np.rint(orders)))
    if not is_integer or bool(np.any(np.abs(orders) > largest)):
        raise UnsupportedError(
            f"scipy.special.{name}: order {order} cannot be traced, only integers from -{largest} "
            f"to {largest}; {BY_HAND}"
        )
    return orders

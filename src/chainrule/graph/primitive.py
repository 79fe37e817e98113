"""READ FIRST: a primitive is one record with all that is known of an operation.

Everything the library computes is a composition of some fifty primitives. For each of them its
record says, on adjacent lines of one file of ``ops/``:

==============  ==================================================================================
``infer``       shape and kind of the result, from those of the inputs (raises where they misfit)
``evaluate``    its value by NumPy: the *definition of meaning*, what any compiled form must match
``vjp``         its derivative rule, written in operations (see below)
``formula``     how people write it
``reference``   a second, independent way to compute it, for the tests
``samples``     inputs that must work; ``invalid`` inputs that must raise
==============  ==================================================================================

The rule ``vjp(cotangent, output, *inputs, **params)`` answers: if a small change of the output
counts ``cotangent``, how much does a small change of each input count? For ``y = x0 * x1``::

    vjp=lambda cotangent, y, x0, x1: (cotangent * x1, cotangent * x0)

Inputs and results are nodes, so a rule is itself a piece of graph and can be differentiated
again. ``None`` in place of a cotangent says that nothing flows to that input. A primitive whose
rule is ``None`` as a whole is constant almost everywhere (comparisons, rounding, positions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.node import Node, as_node

__all__ = ["Primitive", "Sample"]


@dataclass(frozen=True, slots=True)
class Sample:
    """Inputs and parameters to try a primitive with.

    Parameters
    ----------
    inputs : tuple of numpy.ndarray
        The inputs.
    params : dict
        The parameters.
    """

    inputs: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, eq=False, slots=True)
class Primitive:
    """One operation and all that is known of it.

    Parameters
    ----------
    name : str
        As it is printed.
    infer : callable
        ``infer(*types, **params)`` gives the result's `ArrayType`, or a tuple of them.
    evaluate : callable
        ``evaluate(*arrays, **params)`` gives the value (a tuple where `infer` gives a tuple).
    formula : str
        How people write it, with ``{0}``, ``{1}`` for the inputs and ``{name}`` for parameters.
    vjp : callable or None
        The derivative rule; None where the derivative is zero almost everywhere.
    reference : callable or None
        An independent definition, called as `evaluate`.
    samples : callable
        Gives a list of samples that must work; a function, so that importing stays fast.
    invalid : callable
        Gives a list of samples that must raise a `ChainruleError`.
    prepare : callable
        Brings the inputs into the form `infer` accepts, as NumPy would: promotes, broadcasts.
    ufunc : numpy.ufunc or None
        For elementwise primitives, NumPy's function; all inputs then have the result's shape.
    is_broadcast : bool
        Whether it only repeats its input along new or unit axes, as NumPy's functions do unasked.
    """

    name: str
    infer: Callable[..., ArrayType | tuple[ArrayType, ...]]
    evaluate: Callable[..., Any]
    formula: str
    vjp: Callable[..., Sequence[Node | None]] | None = None
    reference: Callable[..., Any] | None = None
    samples: Callable[[], list[Sample]] = list
    invalid: Callable[[], list[Sample]] = list
    prepare: Callable[[tuple[Any, ...]], Sequence[Any]] = tuple
    ufunc: Any = None
    is_broadcast: bool = False

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        """Apply to nodes (the result is a node) or to arrays alone (the result is its value)."""
        return _apply(self, self.prepare(inputs), params)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def _apply(primitive: Primitive, inputs: Iterable[Any], params: dict[str, Any]) -> Any:
    """Apply a primitive: to nodes for a node, to arrays alone for an array."""
    operands = tuple(inputs)
    if not any(isinstance(x, Node) for x in operands):
        arrays = [x if isinstance(x, np.ndarray) else np.asarray(x) for x in operands]
        types = [type_of(x) for x in arrays]
        arrays = [np.asarray(x, kind.dtype) for x, kind in zip(arrays, types, strict=True)]
        primitive.infer(*types, **params)
        return primitive.evaluate(*arrays, **params)
    nodes = tuple(as_node(x) for x in operands)
    return Node(primitive, nodes, params, primitive.infer(*(n.type for n in nodes), **params))

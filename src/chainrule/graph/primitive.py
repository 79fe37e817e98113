"""READ FIRST: a primitive is one record that holds everything known about an operation.

Every computation in the library is a graph of about seventy primitives. Each has its shape rule,
its value, its derivative, its formula and its test cases on adjacent lines of one file in
``ops/primitives/``. Four laws hold for every record, and ``tests/contracts`` checks them:

* ``evaluate`` defines the meaning. It runs on NumPy arrays; compiled code must give its values.
* ``vjp`` is the vector-Jacobian product. From the cotangent ȳ = ∂L/∂y of the output it gives the
  cotangent of each input, x̄ᵢ = (∂y/∂xᵢ)ᵀ ȳ. For ``y = a * b``, with ``ct`` for ȳ::

    vjp=lambda ct, y, a, b: (ct * b, ct * a)

* ``jvp`` is the Jacobian-vector product. From the tangents ẋᵢ of the inputs it gives the tangent
  of the output, ẏ = Σᵢ (∂y/∂xᵢ) ẋᵢ. For ``y = a * b``, with ``t`` for (ȧ, ḃ)::

    jvp=lambda t, y, a, b: t[0] * b + a * t[1]

* ``batch`` is the batching rule: it computes the primitive for each entry along a new first axis of
  its inputs, or of some of them, in one application of primitives.

A rule takes nodes and returns nodes. Its result is a piece of graph, compiled like any other and
differentiated again for higher derivatives. A tangent or cotangent of ``None`` is zero; a primitive
whose rules are ``None`` has zero derivative almost everywhere (comparisons, rounding, argmax).
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
    """A test case of a primitive: its input arrays and its parameters."""

    inputs: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, eq=False, slots=True)
class Primitive:
    """The record of one operation.

    Parameters
    ----------
    name : str
        Its name in printed graphs.
    infer : callable
        Shape and dtype rule: ``infer(*types, **params)`` returns the `ArrayType` of the result (a
        tuple of them for several results) and raises a `ChainruleError` for operands that misfit.
    evaluate : callable
        Its value in NumPy: ``evaluate(*arrays, **params)``; a tuple for several results.
    formula : str
        Its formula in mathematical notation: ``{0}``, ``{1}`` are inputs, ``{name}`` a parameter.
    vjp : callable or None
        Its derivative: ``vjp(cotangent, output, *inputs, **params)`` returns one cotangent for each
        input; None where the derivative is zero almost everywhere.
    jvp : callable or None
        Its derivative forwards: ``jvp(tangents, output, *inputs, **params)`` returns the tangent of
        the output, a list of them for several results; None as for `vjp`.
    batch : callable or None
        Its batching rule: ``batch(size, is_batched, *inputs, **params)``, where `is_batched` says
        which inputs have an additional first axis of length `size`, returns the output with such
        an axis; for several results a pair, the list of them and the list of which are batched.
    reference : callable or None
        An independent implementation, called as `evaluate`: the oracle of the tests.
    samples : callable
        Returns test cases that must work; a function, so that imports build no arrays.
    invalid : callable
        Returns test cases for which `infer` must raise.
    prepare : callable
        Makes NumPy's implicit conversions explicit before `infer`: promotion, broadcasting.
    ufunc : numpy.ufunc or None
        NumPy's function of an elementwise primitive, whose inputs all have the result's shape.
    is_broadcast : bool
        Whether it only repeats its input along new or unit axes, as ufuncs broadcast operands.
    """

    name: str
    infer: Callable[..., ArrayType | tuple[ArrayType, ...]]
    evaluate: Callable[..., Any]
    formula: str
    vjp: Callable[..., Sequence[Node | None]] | None = None
    jvp: Callable[..., Any] | None = None
    batch: Callable[..., Any] | None = None
    reference: Callable[..., Any] | None = None
    samples: Callable[[], list[Sample]] = list
    invalid: Callable[[], list[Sample]] = list
    prepare: Callable[[tuple[Any, ...]], Sequence[Any]] = tuple
    ufunc: Any = None
    is_broadcast: bool = False

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        """Apply to nodes, which gives a node, or to arrays alone, which gives the value."""
        return _apply(self, self.prepare(inputs), params)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def _apply(primitive: Primitive, inputs: Iterable[Any], params: dict[str, Any]) -> Any:
    """Evaluate on arrays; with a node among the operands, infer the type and create a node."""
    operands = tuple(inputs)
    if not any([type(x) is Node for x in operands]):  # noqa: C419 (faster than a generator)
        arrays = [x if isinstance(x, np.ndarray) else np.asarray(x) for x in operands]
        types = [type_of(x) for x in arrays]
        arrays = [np.asarray(x, type_.dtype) for x, type_ in zip(arrays, types, strict=True)]
        primitive.infer(*types, **params)
        return primitive.evaluate(*arrays, **params)
    nodes = tuple([as_node(x) for x in operands])
    return Node(primitive, nodes, params, primitive.infer(*[n.type for n in nodes], **params))

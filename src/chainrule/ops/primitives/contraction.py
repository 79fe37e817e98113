"""Tensor contraction of two operands: einsum, of which matrix products are one case.

``contract(a, b, spec="ij,jk->ik")`` sums products over the indices that the result lacks. It is
bilinear, and its derivatives are contractions of the same indices::

    C = contract(A, B, spec="ij,jk->ik")
    Ā = contract(C̄, B, spec="ik,jk->ij")
    B̄ = contract(A, C̄, spec="ij,ik->jk")

They always exist, since an index occurs at most once in each operand and in the result, and in at
least two of the three.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from string import ascii_letters
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample

__all__ = ["contract", "split_spec"]


def split_spec(spec: str) -> tuple[str, str, str]:
    """Split ``"ij,jk->ik"`` into the indices of both operands and of the result."""
    operands, result = spec.split("->")
    left, right = operands.split(",")
    return left, right, result


def _contract_type(a: ArrayType, b: ArrayType, spec: str) -> ArrayType:
    left, right, result = split_spec(spec)
    lengths = dict(zip(left, a.shape, strict=True))
    for letter, length in zip(right, b.shape, strict=True):
        if lengths.setdefault(letter, length) != length:
            raise ShapeError(
                f"contract {spec}: cannot multiply {a} by {b}; axis {letter!r} has length "
                f"{lengths[letter]} in the first and {length} in the second"
            )
    if a.dtype != b.dtype:
        raise DTypeError(f"contract {spec}: {a} and {b} must have the same dtype")
    return a.with_shape(tuple(lengths[letter] for letter in result))


def _contract_vjp(ct: Node, y: Node, a: Node, b: Node, spec: str) -> tuple[Node, Node]:
    left, right, result = split_spec(spec)
    return (
        contract(ct, b, spec=f"{result},{right}->{left}"),
        contract(a, ct, spec=f"{left},{result}->{right}"),
    )


def _contract_jvp(tangents: Sequence[Node | None], y: Node, a: Node, b: Node, spec: str) -> Any:
    da, db = tangents
    if da is None or db is None:
        return contract(da, b, spec=spec) if da is not None else contract(a, db, spec=spec)
    return contract(da, b, spec=spec) + contract(a, db, spec=spec)


def _contract_batch(size: int, is_batched: Sequence[bool], a: Node, b: Node, spec: str) -> Node:
    """Add an index to the operands that are batched and to the result."""
    left, right, result = split_spec(spec)
    new = next(letter for letter in ascii_letters if letter not in spec)
    left, right = new * is_batched[0] + left, new * is_batched[1] + right
    return contract(a, b, spec=f"{left},{right}->{new}{result}")


def _evaluate(a: Any, b: Any, spec: str) -> Any:
    if a.dtype == np.float16:  # products are added up in single precision
        return _compiled(spec)(a.astype("float32"), b.astype("float32")).astype("float16")
    return _compiled(spec)(a, b)


@lru_cache(maxsize=4096)
def _compiled(spec: str) -> Callable[[Any, Any], Any]:
    """Compile a spec to `numpy.matmul`: (batch, rows, inner) by (batch, inner, columns)."""
    left, right, result = split_spec(spec)
    batch = [c for c in result if c in left and c in right]
    rows = [c for c in result if c in left and c not in right]
    columns = [c for c in result if c in right and c not in left]
    inner = [c for c in left if c in right and c not in result]
    left_axes = [left.index(c) for c in (*batch, *rows, *inner)]
    right_axes = [right.index(c) for c in (*batch, *inner, *columns)]
    order = [(*batch, *rows, *columns).index(c) for c in result]
    if not batch and len(rows) == len(columns) == len(inner) == 1:
        return _matrix_product(left_axes, right_axes, order)
    b, m, k = len(batch), len(rows), len(inner)

    def run(x: Any, y: Any) -> Any:
        x, y = x.transpose(left_axes), y.transpose(right_axes)
        outer, middle, last = x.shape[:b], x.shape[b : b + m], y.shape[b + k :]
        inner_size = int(np.prod(x.shape[b + m :]))
        flat_x = x.reshape((*outer, int(np.prod(middle)), inner_size))
        flat_y = y.reshape((*outer, inner_size, int(np.prod(last))))
        return np.matmul(flat_x, flat_y).reshape((*outer, *middle, *last)).transpose(order)

    return run


def _matrix_product(
    left_axes: list[int], right_axes: list[int], order: list[int]
) -> Callable[[Any, Any], Any]:
    """Return a matrix product whose result needs no transpose: Cᵀ = Bᵀ Aᵀ where it would."""
    flip_left, flip_right = left_axes == [1, 0], right_axes == [1, 0]
    if order == [0, 1]:
        return lambda x, y: (x.T if flip_left else x) @ (y.T if flip_right else y)
    return lambda x, y: (y if flip_right else y.T) @ (x if flip_left else x.T)


def _random_pair(*shapes: tuple[int, ...]) -> tuple[Any, ...]:
    generator = np.random.default_rng(0)
    return tuple(generator.uniform(-1, 1, shape) for shape in shapes)


contract = Primitive(
    "contract",
    infer=_contract_type,
    evaluate=_evaluate,
    vjp=_contract_vjp,
    jvp=_contract_jvp,
    batch=_contract_batch,
    formula="{0} {1}",
    reference=lambda a, b, spec: np.einsum(spec, a, b),
    samples=lambda: [
        Sample(_random_pair((2, 3), (3, 4)), {"spec": "ij,jk->ik"}),
        Sample(_random_pair((3, 2), (3, 4)), {"spec": "ji,jk->ki"}),
        Sample(_random_pair((5, 2, 3), (5, 3, 4)), {"spec": "bij,bjk->bik"}),
        Sample(_random_pair((2, 3, 4), (4, 3, 5)), {"spec": "ijk,kjl->li"}),
        Sample(_random_pair((3,), (3,)), {"spec": "i,i->"}),
        Sample(_random_pair((3,), (4,)), {"spec": "i,j->ji"}),
        Sample(_random_pair((2, 0), (0, 3)), {"spec": "ij,jk->ik"}),
    ],
    invalid=lambda: [Sample(_random_pair((2, 3), (2, 3)), {"spec": "ij,jk->ik"})],
)

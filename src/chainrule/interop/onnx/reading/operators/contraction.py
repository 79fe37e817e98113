"""Matrix products, einsum and the determinant."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule

__all__ = ["OPERATORS"]


def _gemm(operation: Operation, a: Any, b: Any, c: Any = None) -> Any:
    """α a b + β c."""
    a = a.T if operation.get("transA", 0) else a
    b = b.T if operation.get("transB", 0) else b
    alpha, beta = operation.get("alpha", 1.0), operation.get("beta", 1.0)
    product = a @ b
    if alpha != 1:
        product = (np.asarray(alpha, np.float64) * product).astype(product.dtype)
    if c is None:
        return product
    return product + (c if beta == 1 else (np.asarray(beta, np.float64) * c).astype(c.dtype))


def _einsum(operation: Operation, *operands: Any) -> Any:
    spec = operation.get("equation")
    return np.einsum(spec.decode() if isinstance(spec, bytes) else spec, *operands)


OPERATORS: dict[str, OperatorRule] = {
    "Det": lambda operation, x: np.linalg.det(x),
    "Einsum": _einsum,
    "Gemm": _gemm,
    "MatMul": lambda operation, a, b: np.matmul(a, b),
}

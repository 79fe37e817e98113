"""Activations, softmax among them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule
from chainrule.ops.primitives.elementwise import sigmoid
from chainrule.ops.primitives.special import erf

__all__ = ["ACTIVATIONS", "OPERATORS"]


def _number(x: Any, value: float) -> Any:
    return np.asarray(value, x.dtype)


def _relu(x: Any) -> Any:
    return np.maximum(x, _number(x, 0))


def _leaky_relu(x: Any, alpha: float = 0.01) -> Any:
    return np.where(x < 0, _number(x, alpha) * x, x)


def _elu(x: Any, alpha: float = 1.0) -> Any:
    return np.where(x < 0, _number(x, alpha) * np.expm1(np.minimum(x, _number(x, 0))), x)


def _selu(x: Any, alpha: float = 1.67326319217681884765625, gamma: float = 1.05070102214813) -> Any:
    return _number(x, gamma) * _elu(x, alpha)


def _celu(x: Any, alpha: float = 1.0) -> Any:
    return np.where(x < 0, _number(x, alpha) * np.expm1(np.minimum(x, 0) / _number(x, alpha)), x)


def _hard_sigmoid(x: Any, alpha: float = 0.2, beta: float = 0.5) -> Any:
    line = _number(x, alpha) * x + _number(x, beta)
    return np.minimum(np.maximum(line, _number(x, 0)), _number(x, 1))


def _softplus(x: Any) -> Any:
    return np.logaddexp(x, _number(x, 0))


def _thresholded_relu(x: Any, alpha: float = 1.0) -> Any:
    return np.where(x > _number(x, alpha), x, _number(x, 0))


def _scaled_tanh(x: Any, alpha: float = 1.0, beta: float = 1.0) -> Any:
    return _number(x, alpha) * np.tanh(_number(x, beta) * x)


def _affine(x: Any, alpha: float = 1.0, beta: float = 0.0) -> Any:
    return _number(x, alpha) * x + _number(x, beta)


ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "Affine": _affine,
    "Elu": _elu,
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": _leaky_relu,
    "Relu": _relu,
    "ScaledTanh": _scaled_tanh,
    "Sigmoid": sigmoid,
    "Softplus": _softplus,
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Tanh": np.tanh,
    "ThresholdedRelu": _thresholded_relu,
}
"""Those that recurrent operators name; alpha and beta are their parameters."""


def _with_parameters(function: Callable[..., Any]) -> OperatorRule:
    def apply(operation: Operation, x: Any) -> Any:
        names = ("alpha", "beta", "gamma")
        return function(x, **{n: operation.get(n) for n in names if n in operation.attributes})

    return apply


def _gelu(operation: Operation, x: Any) -> Any:
    half, one = _number(x, 0.5), _number(x, 1)
    if operation.get("approximate", b"none") in (b"tanh", "tanh"):
        inner = _number(x, np.sqrt(2 / np.pi)) * (x + _number(x, 0.044715) * x * x * x)
        return half * x * (one + np.tanh(inner))
    return half * x * (one + erf(x / _number(x, np.sqrt(2))))


def _prelu(operation: Operation, x: Any, slope: Any) -> Any:
    return np.where(x < 0, slope * x, x)


def _softmax(operation: Operation, x: Any) -> Any:
    """exp(x) over its sum; before version 13 over all axes from one on."""
    return _by_rows(operation, x, lambda rows, axis: _exponentials(rows, axis)[1])


def _log_softmax(operation: Operation, x: Any) -> Any:
    def rows_of(rows: Any, axis: int) -> Any:
        shifted = _exponentials(rows, axis)[0]
        return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))

    return _by_rows(operation, x, rows_of)


def _exponentials(x: Any, axis: int) -> tuple[Any, Any]:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    powers = np.exp(shifted)
    return shifted, powers / np.sum(powers, axis=axis, keepdims=True)


def _hardmax(operation: Operation, x: Any) -> Any:
    def rows_of(rows: Any, axis: int) -> Any:
        first = np.expand_dims(np.argmax(rows, axis=axis), axis)
        shape = [1] * rows.ndim
        shape[axis] = -1
        return (first == np.arange(rows.shape[axis]).reshape(shape)).astype(rows.dtype)

    return _by_rows(operation, x, rows_of)


def _by_rows(operation: Operation, x: Any, function: Callable[[Any, int], Any]) -> Any:
    if operation.version >= 13:
        return function(x, operation.get("axis", -1))
    axis = operation.get("axis", 1) % max(x.ndim, 1)
    rows = x.reshape((prod(x.shape[:axis]), prod(x.shape[axis:])))
    return function(rows, 1).reshape(x.shape)


OPERATORS: dict[str, OperatorRule] = {
    **{
        name: _with_parameters(function)
        for name, function in ACTIVATIONS.items()
        if name not in ("Affine", "ScaledTanh", "Tanh")
    },
    "Celu": _with_parameters(_celu),
    "Gelu": _gelu,
    "Hardmax": _hardmax,
    "LogSoftmax": _log_softmax,
    "PRelu": _prelu,
    "Selu": _with_parameters(_selu),
    "Softmax": _softmax,
}

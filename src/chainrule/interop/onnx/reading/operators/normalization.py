"""Normalisations: by statistics of the batch, of each sample, of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule, known

__all__ = ["OPERATORS"]


def _per_channel(values: Any, x: Any) -> Any:
    return values.reshape((-1, *(1,) * (x.ndim - 2)))


def _batch_normalization(
    operation: Operation, x: Any, scale: Any, bias: Any, mean: Any, variance: Any
) -> Any:
    epsilon = np.asarray(operation.get("epsilon", 1e-5), x.dtype)
    if not operation.get("training_mode", 0):
        return _normalized(x, scale, bias, mean, variance, epsilon)
    axes = (0, *range(2, x.ndim))
    own = np.mean(x, axis=axes)
    spread = np.mean((x - _per_channel(own, x)) ** 2, axis=axes)
    keep = np.asarray(operation.get("momentum", 0.9), x.dtype)
    y = _normalized(x, scale, bias, own, spread, epsilon)
    return y, mean * keep + own * (1 - keep), variance * keep + spread * (1 - keep)


def _normalized(x: Any, scale: Any, bias: Any, mean: Any, variance: Any, epsilon: Any) -> Any:
    factor = scale / np.sqrt(variance + epsilon)
    shift = bias - mean * factor
    return (x * _per_channel(factor, x) + _per_channel(shift, x)).astype(x.dtype)


def _instance_normalization(operation: Operation, x: Any, scale: Any, bias: Any) -> Any:
    axes = tuple(range(2, x.ndim))
    centred = x - np.mean(x, axis=axes, keepdims=True)
    variance = np.mean(centred * centred, axis=axes, keepdims=True)
    root = np.sqrt(variance + np.asarray(operation.get("epsilon", 1e-5), x.dtype))
    return _per_channel(scale, x) * centred / root + _per_channel(bias, x)


def _layer_normalization(operation: Operation, x: Any, scale: Any, bias: Any = None) -> Any:
    axis = operation.get("axis", -1) % x.ndim
    axes = tuple(range(axis, x.ndim))
    mean = np.mean(x, axis=axes, keepdims=True)
    centred = x - mean
    variance = np.mean(centred * centred, axis=axes, keepdims=True)
    inverse = 1 / np.sqrt(variance + np.asarray(operation.get("epsilon", 1e-5), x.dtype))
    y = centred * inverse * scale
    return (y if bias is None else y + bias, mean, inverse)[: max(operation.outputs, 1)]


def _lp_normalization(operation: Operation, x: Any) -> Any:
    axis, power = operation.get("axis", -1), operation.get("p", 2)
    total = np.sum(np.abs(x) if power == 1 else x * x, axis=axis, keepdims=True)
    size = total if power == 1 else np.sqrt(total)
    return np.where(size == 0, np.zeros((), x.dtype), x / np.where(size == 0, 1, size))


def _local_response(operation: Operation, x: Any) -> Any:
    """X / (k + α/n Σ x²)^β over n neighbouring channels."""
    size = operation.get("size")
    alpha, beta = operation.get("alpha", 1e-4), operation.get("beta", 0.75)
    before = (size - 1) // 2
    widths = [(0, 0), (before, size - 1 - before), *[(0, 0)] * (x.ndim - 2)]
    squares = np.pad(x * x, widths)
    total = sum(squares[:, k : k + x.shape[1]] for k in range(size))
    base = (
        np.asarray(operation.get("bias", 1.0), x.dtype) + np.asarray(alpha / size, x.dtype) * total
    )
    return x / base ** np.asarray(beta, x.dtype)


def _dropout(operation: Operation, x: Any, ratio: Any = None, training: Any = None) -> Any:
    """The input, and a mask that keeps all; a model that draws masks is refused."""
    share = operation.get("ratio", 0.5) if ratio is None else known(operation, ratio, "the ratio")
    draws = training is not None and bool(known(operation, training, "the mode").all())
    if (draws or (operation.version < 7 and not operation.get("is_test", 0))) and share != 0:
        raise operation.refuse(
            "it draws random numbers, as the model is one of training; export it for inference"
        )
    return (x, np.ones(x.shape, bool))[: max(operation.outputs, 1)]


OPERATORS: dict[str, OperatorRule] = {
    "Dropout": _dropout,
    "BatchNormalization": _batch_normalization,
    "InstanceNormalization": _instance_normalization,
    "LRN": _local_response,
    "LayerNormalization": _layer_normalization,
    "LpNormalization": _lp_normalization,
}

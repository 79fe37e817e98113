"""Operators outside ONNX's first domain: steps of optimisers, features."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule

__all__ = ["OPERATORS"]


def _groups(values: tuple[Any, ...], count: int) -> list[tuple[Any, ...]]:
    """Return the tuples of one parameter each, of inputs listed kind by kind."""
    number = len(values) // count
    return list(zip(*[values[k * number : (k + 1) * number] for k in range(count)], strict=True))


def _by_kind(results: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(each for kind in zip(*results, strict=True) for each in kind)


def _rate(operation: Operation, rate: Any, step: Any) -> Any:
    return rate / (
        1 + step.astype(rate.dtype) * np.asarray(operation.get("decay_factor", 0.0), rate.dtype)
    )


def _adagrad(operation: Operation, rate: Any, step: Any, *values: Any) -> Any:
    rate = _rate(operation, rate, step)
    results: list[tuple[Any, ...]] = []
    for x, g, h in _groups(values, 3):
        g = operation.get("norm_coefficient", 0.0) * x + g
        h = h + g * g
        results.append((x - rate * g / (np.sqrt(h) + operation.get("epsilon", 0.0)), h))
    return tuple(each.astype(values[0].dtype) for each in _by_kind(results))


def _momentum(operation: Operation, rate: Any, step: Any, *values: Any) -> Any:
    alpha, beta = operation.get("alpha"), operation.get("beta")
    results: list[tuple[Any, ...]] = []
    for x, g, v in _groups(values, 3):
        g = operation.get("norm_coefficient", 0.0) * x + g
        share = np.where(step > 0, beta, 1.0)
        v = alpha * v + share * g
        is_nesterov = operation.get("mode") in (b"nesterov", "nesterov")
        results.append((x - rate * (g + alpha * v if is_nesterov else v), v))
    return tuple(each.astype(values[0].dtype) for each in _by_kind(results))


def _adam(operation: Operation, rate: Any, step: Any, *values: Any) -> Any:
    alpha, beta = operation.get("alpha", 0.9), operation.get("beta", 0.999)
    results: list[tuple[Any, ...]] = []
    for x, g, v, h in _groups(values, 4):
        g = operation.get("norm_coefficient", 0.0) * x + g
        v, h = alpha * v + (1 - alpha) * g, beta * h + (1 - beta) * g * g
        root = np.sqrt(h) + operation.get("epsilon", 0.0)
        t = step.astype(rate.dtype)
        turned = np.where(
            t > 0, rate * np.sqrt(1 - beta**t) / (1 - alpha ** np.maximum(t, 1)), rate
        )
        x = (1 - operation.get("norm_coefficient_post", 0.0)) * (x - turned * v / root)
        results.append((x, v, h))
    return tuple(each.astype(values[0].dtype) for each in _by_kind(results))


def _binarizer(operation: Operation, x: Any) -> Any:
    return (x > operation.get("threshold", 0.0)).astype(x.dtype)


def _array_feature_extractor(operation: Operation, x: Any, places: Any) -> Any:
    return np.take(x, places.reshape(-1), axis=-1).reshape(
        (*x.shape[:-1], -1) if x.ndim > 1 else (1, -1)
    )


_TRAINING = "ai.onnx.preview.training"

OPERATORS: dict[tuple[str, str], OperatorRule] = {
    (_TRAINING, "Adagrad"): _adagrad,
    (_TRAINING, "Adam"): _adam,
    (_TRAINING, "Momentum"): _momentum,
    ("ai.onnx.ml", "ArrayFeatureExtractor"): _array_feature_extractor,
    ("ai.onnx.ml", "Binarizer"): _binarizer,
}

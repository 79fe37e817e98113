"""Counts of sequences of integers, which stand for words."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule

__all__ = ["OPERATORS"]


def _tf_idf(operation: Operation, x: Any) -> Any:
    """How often each n-gram of the pool is in each row, with up to some entries skipped."""
    pool = operation.get("pool_int64s")
    if pool is None:
        raise operation.refuse("a pool of strings is unsupported; encode words as integers")
    starts, places = operation.get("ngram_counts"), operation.get("ngram_indexes")
    shortest, longest = operation.get("min_gram_length"), operation.get("max_gram_length")
    weights = operation.get("weights") or [1.0] * len(places)
    rows = x if x.ndim == 2 else x[None]
    result = np.zeros((rows.shape[0], max(places) + 1), np.float32)
    number = 0
    for size, (start, end) in enumerate(zip(starts, [*starts[1:], len(pool)], strict=True), 1):
        for first in range(start, end, size):
            gram, place = pool[first : first + size], places[number]
            if shortest <= size <= longest:
                count = _count(operation, rows, gram)
                result = result + _weighted(operation, count, weights[number], place, result.shape)
            number += 1
    return result if x.ndim == 2 else result[0]


def _count(operation: Operation, rows: Any, gram: list[int]) -> Any:
    """Count an n-gram in each row, whose entries are a number of places apart."""
    skips = operation.get("max_skip_count") if len(gram) > 1 else 0
    total = np.zeros(rows.shape[0], np.float32)
    for step in range(1, skips + 2):
        length = rows.shape[1] - step * (len(gram) - 1)
        if length > 0:
            is_there = np.ones((rows.shape[0], length), bool)
            for k, each in enumerate(gram):
                is_there = is_there & (rows[:, k * step : k * step + length] == each)
            total = total + np.sum(is_there, axis=1).astype(np.float32)
    return total


def _weighted(operation: Operation, count: Any, weight: float, place: int, shape: Any) -> Any:
    mode = operation.get("mode")
    if mode in (b"IDF", "IDF"):
        count = (count > 0).astype(np.float32) * np.float32(weight)
    elif mode in (b"TFIDF", "TFIDF"):
        count = count * np.float32(weight)
    return np.where(np.arange(shape[1]) == place, count[:, None], np.float32(0))


OPERATORS: dict[str, OperatorRule] = {"TfIdfVectorizer": _tf_idf}

"""Fourier transforms, whose complex numbers are pairs along a last axis, and windows of signals."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation, OperatorRule, numbers
from chainrule.interop.onnx.reading.tensor import dtype_of

__all__ = ["OPERATORS"]


def _transformed(x: Any, axis: int, length: int, inverse: bool, onesided: bool) -> Any:
    """Σ x[t] exp(∓2πi k t / n) along an axis of (..., 1 or 2), as products with cos and sin."""
    dtype, x = x.dtype, np.moveaxis(x.astype(np.float64), axis, -2)
    size = x.shape[-2]
    if size < length:
        x = np.pad(x, [*[(0, 0)] * (x.ndim - 2), (0, length - size), (0, 0)])
    x = x[..., :length, :]
    count = length // 2 + 1 if onesided and not inverse else length
    angle = 2 * np.pi * (np.outer(np.arange(length), np.arange(count)) % length) / length
    cosine, sine = (np.asarray(f(angle), x.dtype) for f in (np.cos, np.sin))
    sine = sine if inverse else -sine
    real = x[..., 0]
    imaginary = x[..., 1] if x.shape[-1] == 2 else None
    a, b = real @ cosine, real @ sine
    if imaginary is not None:
        a, b = a - imaginary @ sine, b + imaginary @ cosine
    result = np.stack([a, b], axis=-1)
    result = result / np.asarray(length, x.dtype) if inverse else result
    return np.moveaxis(result, -2, axis).astype(dtype)


def _dft(operation: Operation, x: Any, length: Any = None, axis: Any = None) -> Any:
    along = operation.get("axis", 1) if operation.version < 20 else -2
    along = numbers(operation, axis, "axis")[0] if axis is not None else along
    along = along % x.ndim
    inverse, onesided = bool(operation.get("inverse", 0)), bool(operation.get("onesided", 0))
    count = x.shape[along] if length is None else numbers(operation, length, "the length")[0]
    if inverse and onesided:
        count = 2 * (x.shape[along] - 1) if length is None else count
        rest = np.arange(count // 2 + 1, count)
        mirrored = np.take(x, count - rest, axis=along) * np.asarray([1, -1], x.dtype)
        whole = np.concatenate([np.take(x, np.arange(count // 2 + 1), axis=along), mirrored], along)
        return _transformed(whole, along, count, True, False)[..., :1]
    return _transformed(x, along, count, inverse, onesided)


def _stft(operation: Operation, x: Any, step: Any, window: Any = None, length: Any = None) -> Any:
    by = numbers(operation, step, "frame_step")[0]
    size = window.shape[0] if length is None else numbers(operation, length, "frame_length")[0]
    starts = np.arange((x.shape[1] - size) // by + 1)[:, None] * by + np.arange(size)
    frames = np.take(x, starts, axis=1)
    if window is not None:
        frames = frames * window[:, None]
    return _transformed(frames, 2, size, False, bool(operation.get("onesided", 1)))


def _window(a: float, b: float, c: float) -> OperatorRule:
    """A - b cos(2πt/n) + c cos(4πt/n)."""

    def apply(operation: Operation, size: Any) -> Any:
        count = numbers(operation, size, "the size")[0]
        dtype = dtype_of(operation.get("output_datatype", 1), "the window")
        over = count if operation.get("periodic", 1) else count - 1
        turn = 2 * np.pi * np.arange(count) / over
        return (a - b * np.cos(turn) + c * np.cos(2 * turn)).astype(dtype)

    return apply


def _mel_weights(operation: Operation, *given: Any) -> Any:
    """Triangles over the bins of a spectrum, evenly spaced on the mel scale."""
    bins, size, rate = (numbers(operation, each, "a size")[0] for each in given[:3])
    low, high = (float(np.asarray(each).reshape(())) for each in given[3:])
    dtype = dtype_of(operation.get("output_datatype", 1), "the matrix")
    to_mel = 2595 * np.log10(1 + np.array([low, high]) / 700)
    mels = np.arange(bins + 2) * (to_mel[1] - to_mel[0]) / (bins + 2) + to_mel[0]
    edges = ((size + 1) * (700 * (10 ** (mels / 2595) - 1)) // rate).astype(int)
    result = np.zeros((size // 2 + 1, bins))
    for i in range(bins):
        first, centre, last = edges[i : i + 3]
        if first == centre:
            result[centre, i] = 1
        else:
            rising = np.arange(first, centre + 1)
            result[rising, i] = (rising - first) / (centre - first)
        if last > centre:
            falling = np.arange(centre, last)
            result[falling, i] = (last - falling) / (last - centre)
    return result.astype(dtype)


OPERATORS: dict[str, OperatorRule] = {
    "BlackmanWindow": _window(0.42, 0.5, 0.08),
    "DFT": _dft,
    "HammingWindow": _window(25 / 46, 1 - 25 / 46, 0),
    "HannWindow": _window(0.5, 0.5, 0),
    "MelWeightMatrix": _mel_weights,
    "STFT": _stft,
}

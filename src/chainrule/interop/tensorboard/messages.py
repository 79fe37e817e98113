"""Events and summaries: the messages of event files, each a function that returns its bytes.

References
----------
TensorBoard, ``compat/proto``: ``event.proto``, ``summary.proto``, ``tensor.proto``; and
``plugins/hparams/plugin_data.proto``: the numbers of the fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError
from chainrule.interop.tensorboard.wire import bytes_field, double, doubles, integer, single

__all__ = [
    "event",
    "first_event",
    "graph_event",
    "histogram",
    "hyperparameters",
    "image",
    "scalar",
    "session_end",
    "session_start",
    "text",
]

Setting = bool | float | str

_TENSOR_CLASS = 2  # of summary.proto's DataClass
_FLOAT, _STRING = 1, 7  # of types.proto's DataType
_BINS = 30
"""The number of bins to which TensorBoard reduces a histogram."""


def first_event(wall_time: float) -> bytes:
    """Return the event with which a file begins: the version of its format."""
    return double(1, wall_time) + bytes_field(3, "brain.Event:2")


def event(wall_time: float, step: int, *values: bytes) -> bytes:
    """Return an event: the values of a summary at a step."""
    summary = b"".join(bytes_field(1, value) for value in values)
    return double(1, wall_time) + integer(2, step) + bytes_field(5, summary)


def session_start(wall_time: float, step: int) -> bytes:
    """Return the event that a session begins at a step: a ``SessionLog`` of the status START."""
    return double(1, wall_time) + integer(2, step) + bytes_field(7, integer(1, 1))


def graph_event(wall_time: float, graph: bytes) -> bytes:
    """Return the event of a graph, a ``GraphDef``."""
    return double(1, wall_time) + bytes_field(4, graph)


def scalar(tag: str, value: float) -> bytes:
    """Return a number, in single precision."""
    with np.errstate(over="ignore"):
        return bytes_field(1, tag) + single(2, float(np.float32(value)))


def histogram(tag: str, values: NDArray[Any]) -> bytes:
    """Return the counts of values in bins of equal width between the least and the largest.

    Raises
    ------
    DataError
        If there is no value, or one is NaN or infinite.
    """
    flat = np.asarray(values, float).ravel()
    if not flat.size or not np.isfinite(flat).all():
        problem = "values that are NaN or infinite" if flat.size else "no values"
        raise DataError(f"histogram: {tag!r} has {problem}; a histogram needs finite ones")
    counts, edges = np.histogram(flat, _BINS)
    low, high = float(flat.min()), float(flat.max())
    with np.errstate(over="ignore"):
        total, squares = float(flat.sum()), float(np.square(flat).sum())
    content = double(1, low) + double(2, high) + double(3, flat.size) + double(4, total)
    content += double(5, squares) + doubles(6, edges[1:]) + doubles(7, counts)
    return bytes_field(1, tag) + bytes_field(5, content)


def image(tag: str, height: int, width: int, channels: int, png: bytes) -> bytes:
    """Return an image, a PNG file."""
    content = integer(1, height) + integer(2, width) + integer(3, channels) + bytes_field(4, png)
    return bytes_field(1, tag) + bytes_field(4, content)


def text(tag: str, words: str) -> bytes:
    """Return a text, in Markdown."""
    scalar_shape = b""  # an axis would be shown as a table
    tensor = integer(1, _STRING) + bytes_field(2, scalar_shape) + bytes_field(8, words)
    return bytes_field(1, tag) + bytes_field(8, tensor) + _metadata("text")


def hyperparameters(
    settings: Mapping[str, Setting], metrics: Iterable[tuple[str, str]], started: float
) -> tuple[bytes, bytes]:
    """Return what is compared in an experiment, and the settings of this run.

    Parameters
    ----------
    settings : mapping of str to bool, float or str
        Setting by name.
    metrics : iterable of (str, str)
        The quantities to compare: their tags, and the runs that hold them.
    started : float
        Seconds since the epoch.
    """
    experiment = b"".join(bytes_field(4, _setting_type(*each)) for each in settings.items())
    for tag, run in metrics:
        experiment += bytes_field(5, bytes_field(1, bytes_field(1, run) + bytes_field(2, tag)))
    start = double(5, started)
    for name, value in settings.items():
        start += bytes_field(1, bytes_field(1, name) + bytes_field(2, _setting(value)))
    return (
        _hyperparameter_value("_hparams_/experiment", bytes_field(2, experiment)),
        _hyperparameter_value("_hparams_/session_start_info", bytes_field(3, start)),
    )


def session_end(wall_time: float, has_succeeded: bool) -> bytes:
    """Return how and when a run has ended."""
    content = integer(1, 1 if has_succeeded else 2) + double(2, wall_time)
    return _hyperparameter_value("_hparams_/session_end_info", bytes_field(4, content))


def _setting(value: Setting) -> bytes:
    """Return a value of JSON: text, boolean or number."""
    if isinstance(value, str):
        return bytes_field(3, value)
    return integer(4, value) if isinstance(value, bool) else double(2, value)


def _setting_type(name: str, value: Setting) -> bytes:
    kind = 1 if isinstance(value, str) else 2 if isinstance(value, bool) else 3
    return bytes_field(1, name) + integer(4, kind)


def _hyperparameter_value(tag: str, content: bytes) -> bytes:
    empty = integer(1, _FLOAT) + bytes_field(2, bytes_field(2, b""))
    return bytes_field(1, tag) + bytes_field(8, empty) + _metadata("hparams", content)


def _metadata(plugin: str, content: bytes = b"") -> bytes:
    """Return the field that names which dashboard shows a value."""
    data = bytes_field(1, bytes_field(1, plugin) + bytes_field(2, content))
    return bytes_field(9, data + integer(4, _TENSOR_CLASS))

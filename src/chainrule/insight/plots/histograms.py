"""Compact histograms of what a network computes, kept for many epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Histogram",
    "histogram",
    "histogram_of",
    "interval_of",
    "logarithmic_histogram",
]

Array = NDArray[Any]

_BINS = 80
_DECADES = (-16.0, 8.0)
"""Logarithms of the magnitudes of gradients that are counted; what is beyond is counted at an end.

Fixed bins need no look at the values before, and every epoch has the same."""
_PER_DECADE = 8


@dataclass(frozen=True)
class Histogram:
    """How many values lie in each of some equal intervals.

    Parameters
    ----------
    low, high : float
        The range of the intervals.
    counts : array, int64, (bins,)
        The numbers of values.
    total : int
        The number of all values, of which those that are not finite are in no interval, nor are
        gradients of 0.
    """

    low: float
    high: float
    counts: NDArray[np.int64]
    total: int

    @property
    def edges(self) -> NDArray[np.float64]:
        """The ends of the intervals, (bins + 1,)."""
        return np.linspace(self.low, self.high, len(self.counts) + 1)


def interval_of(finite: Array) -> tuple[float, float]:
    """Return the range of values, wider than their rounding errors also where all are equal."""
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    largest = max(abs(low), abs(high))
    if high - low > 1e-12 * largest:
        return low, high
    reach = 1e-3 * largest or 0.5
    return low - reach, high + reach


def histogram(values: Array) -> Histogram:
    """Return the histogram of values over their range."""
    finite = np.asarray(values, float).ravel()
    finite = finite[np.isfinite(finite)]
    low, high = interval_of(finite)
    counts = np.histogram(finite, _BINS, (low, high))[0]
    return Histogram(low, high, counts.astype(np.int64), np.size(values))


def histogram_of(low: Any, high: Any, counts: Any, total: Any) -> Histogram:
    """Return the histogram that has such fields, as a file may have; raise for others."""
    if not (isinstance(counts, np.ndarray) and counts.ndim == 1 and counts.dtype == np.int64):
        raise TypeError("counts of a histogram")
    return Histogram(float(low), float(high), counts, int(total))


def logarithmic_histogram(values: Array) -> Histogram:
    """Return the histogram of the decimal logarithms of magnitudes."""
    magnitudes = np.abs(np.asarray(values, float).ravel())
    positive = magnitudes[np.isfinite(magnitudes) & (magnitudes > 0)]
    low, high = _DECADES
    logarithms = np.clip(np.log10(positive), low, np.nextafter(high, low))
    counts = np.histogram(logarithms, round((high - low) * _PER_DECADE), _DECADES)[0]
    return Histogram(low, high, counts.astype(np.int64), magnitudes.size)

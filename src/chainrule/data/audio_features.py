"""Audio features: log-mel spectrogram and MFCC. Needs SciPy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import DATA_ALIASES
from chainrule.arguments.array_classes import refuse_masked
from chainrule.arguments.checks import POSITIVE, bad_argument, checked_count, checked_number
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.array_argument import as_array
from chainrule.errors import ArgumentError, DataError, DTypeError, counted

__all__ = ["log_mel", "mfcc"]

Features = NDArray[np.float32]
SIGNALS_AT_ONCE = 64


@answers_foreign_names(DATA_ALIASES)
def log_mel(
    signal: ArrayLike,
    rate: int,
    *,
    bands: int = 40,
    window: float = 0.025,
    hop: float = 0.01,
    low: float = 20.0,
    high: float | None = None,
    floor: float = 1e-6,
) -> Features:
    """Compute the log-mel spectrogram: log(M·|F(w·x)|² + floor) of each frame x.

    Frames start every `hop`; w is the Hann window, F the Fourier transform, and M a bank of
    triangular filters, equally spaced on the mel scale 2595·log₁₀(1 + f/700) with an overlap of
    half.

    Parameters
    ----------
    signal : array, float, (time,) or (n, time)
        One signal, or n of equal length; usually in [-1, 1].
    rate : int, in hertz
        The sampling rate.
    bands : int >= 1
        Number of mel filters.
    window, hop : float > 0, in seconds
        Length of a frame, and the distance between the starts of frames.
    low, high : float, in hertz
        Lower edge of the first filter, upper edge of the last; None for half the rate.
    floor : float > 0
        Added before the logarithm, so that silence is finite.

    Returns
    -------
    array, float32, (frames, bands) or (n, frames, bands)
        With 1 + (time - window) // hop frames.

    Raises
    ------
    ArgumentError
        If an argument is outside its range, or the filters are narrower than the
        frequency resolution of a frame.
    DataError
        If the signal is shorter than a frame or not finite.
    DTypeError
        If it does not hold real numbers.
    ImportError
        If SciPy is not installed.

    References
    ----------
    Davis & Mermelstein (1980), "Comparison of parametric representations for monosyllabic word
    recognition in continuously spoken sentences", IEEE Transactions on Acoustics, Speech, and
    Signal Processing 28(4). O'Shaughnessy (1987), "Speech communication", p. 150 (the scale).

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> features = log_mel(tone, 8000)
    >>> features.shape, int(features.mean(axis=0).argmax())
    ((98, 40), 9)
    """
    frames = _Frames("log_mel", rate, window, hop)
    floor = checked_number("log_mel", "floor", floor, POSITIVE)
    signals = _checked_signals(signal, frames)
    filters = _mel_filters(frames, bands, low, rate / 2 if high is None else high)
    spectrograms = [
        np.log(frames.power(signals[start : start + SIGNALS_AT_ONCE]) @ filters + np.float32(floor))
        for start in range(0, len(signals), SIGNALS_AT_ONCE)
    ]
    joined = np.concatenate(spectrograms)
    return joined[0] if np.ndim(signal) == 1 else joined


@answers_foreign_names(DATA_ALIASES)
def mfcc(signal: ArrayLike, rate: int, coefficients: int = 13, **settings: Any) -> Features:
    """Compute mel-frequency cepstral coefficients: the cosine transform of `log_mel`.

    The orthonormal DCT-II decorrelates the overlapping bands, so that a few coefficients suffice.
    The first is the overall level, the next describe the spectral envelope (the vocal tract).

    Parameters
    ----------
    signal : array, float, (time,) or (n, time)
        One signal, or n of equal length.
    rate : int, in hertz
        The sampling rate.
    coefficients : int >= 1
        Number of coefficients, at most the number of bands.
    **settings
        Keyword arguments of `log_mel`.

    Returns
    -------
    array, float32, (frames, coefficients) or (n, frames, coefficients)
        The coefficients by ascending quefrency.

    Raises
    ------
    ArgumentError
        If there are more coefficients than bands; and as `log_mel`.

    References
    ----------
    Davis & Mermelstein (1980), equation 1.

    Examples
    --------
    >>> mfcc(np.zeros(800), 8000).shape
    (8, 13)
    """
    transform = _fourier("mfcc").dct
    spectrogram = log_mel(signal, rate, **settings)
    bands = spectrogram.shape[-1]
    if checked_count("mfcc", "coefficients", coefficients) > bands:
        raise bad_argument("mfcc", "coefficients", coefficients, f"at most the {bands} bands")
    return np.ascontiguousarray(transform(spectrogram, type=2, norm="ortho")[..., :coefficients])


@dataclass(frozen=True)
class _Frames:
    """Framing of a signal, and the power spectra of its frames."""

    function: str
    rate: int
    window: float
    hop: float

    def __post_init__(self) -> None:
        for name, value in (("rate", self.rate), ("window", self.window), ("hop", self.hop)):
            checked_number(self.function, name, value, POSITIVE)
        if not math.isfinite(self.rate * max(self.window, self.hop)):
            raise bad_argument(self.function, "window", self.window, "shorter than the signal")
        if self.length < 2 or self.step < 1:
            raise ArgumentError(
                f"{self.function}: at {self.rate} Hz a window of {self.window} s has {self.length} "
                f"samples and a hop of {self.hop} s {self.step}; they need at least 2 and 1"
            )

    @property
    def length(self) -> int:
        return round(self.rate * self.window)

    @property
    def step(self) -> int:
        return round(self.rate * self.hop)

    @property
    def points(self) -> int:
        """Length of the Fourier transform: the next power of two."""
        return 1 << (self.length - 1).bit_length()

    def power(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return |F(w·x)|², shape (n, frames, points / 2 + 1)."""
        phase = np.arange(self.length) / self.length
        hann = (0.5 - 0.5 * np.cos(2 * np.pi * phase)).astype(np.float32)
        views = np.lib.stride_tricks.sliding_window_view(signals, self.length, axis=1)
        spectra = _fourier(self.function).rfft(views[:, :: self.step] * hann, self.points)
        return spectra.real**2 + spectra.imag**2


def _mel_filters(frames: _Frames, bands: int, low: float, high: float) -> NDArray[np.float32]:
    """Return the triangular filters as columns, each with a peak of 1."""
    checked_count("log_mel", "bands", bands)
    for name, edge in (("low", low), ("high", high)):
        checked_number("log_mel", name, edge)
    if not 0 <= low < high <= frames.rate / 2:
        raise ArgumentError(
            f"log_mel: low is {low!r} and high {high!r}; they must be in order and between 0 and "
            f"{frames.rate / 2:g} Hz, half the rate"
        )
    narrow = ArgumentError(
        f"log_mel: {bands} bands from {low:g} to {high:g} Hz are too narrow for frames of "
        f"{counted(frames.length, 'sample')}; use fewer bands or a longer window"
    )
    if bands > frames.points:
        raise narrow
    lowest, highest = (2595 * np.log10(1 + edge / 700) for edge in (low, high))
    mels = np.linspace(lowest, highest, bands + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    frequencies = np.fft.rfftfreq(frames.points, 1 / frames.rate)[:, None]
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0, np.minimum(rising, falling))
    if not filters.any(axis=0).all():
        raise narrow
    return filters.astype(np.float32)


def _checked_signals(signal: ArrayLike, frames: _Frames) -> NDArray[np.float32]:
    refuse_masked(signal, "log_mel: the signal")
    signals = np.asarray(as_array(signal, f"{frames.function}: the signal"))
    if signals.dtype.kind not in "iuf":
        raise DTypeError(
            f"{frames.function}: the signal has dtype {signals.dtype}; pass real numbers"
        )
    if signals.ndim not in (1, 2) or signals.shape[-1] < frames.length or not signals.size:
        raise DataError(
            f"{frames.function}: the signal has shape {signals.shape}; it must be (time,) or "
            f"(n, time) with at least the {counted(frames.length, 'sample')} of a frame"
        )
    rows = np.atleast_2d(signals).astype(np.float32, copy=False)
    if not np.isfinite(rows).all():
        raise DataError(f"{frames.function}: the signal has values that are not finite")
    return rows


def _fourier(function: str) -> Any:
    try:
        from scipy import fft
    except ImportError as error:
        raise ImportError(
            f"data.{function}: the Fourier transform needs SciPy, which is not installed; run: "
            "pip install 'chainrule[science]'"
        ) from error
    return fft

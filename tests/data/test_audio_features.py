"""Log-mel spectrogram and MFCC against their formulas."""

import sys
from typing import Any

import numpy as np
import pytest
from scipy import signal as scipy_signal

from chainrule.data import log_mel, mfcc
from chainrule.errors import ArgumentError, DataError, DTypeError

SOUND = np.random.default_rng(0).normal(size=3000) * 0.1


def mel(frequency: Any) -> Any:
    return 2595 * np.log10(1 + frequency / 700)


def by_formula(sound: np.ndarray, rate: int, bands: int) -> np.ndarray:
    """Frame by frame, filter by filter, with SciPy's windows and transforms in float64."""
    transform = scipy_signal.ShortTimeFFT(
        scipy_signal.get_window("hann", 200), hop=80, fs=rate, mfft=256, fft_mode="onesided"
    )
    frames = 1 + (len(sound) - 200) // 80
    spectra = np.stack(
        [np.fft.rfft(sound[80 * k : 80 * k + 200] * transform.win, 256) for k in range(frames)]
    )
    edges = np.linspace(mel(20.0), mel(rate / 2), bands + 2)
    features = np.empty((frames, bands))
    for band in range(bands):
        weights = [
            np.interp(f, 700 * (10 ** (edges[band : band + 3] / 2595) - 1), [0, 1, 0])
            for f in transform.f
        ]
        features[:, band] = np.log(np.abs(spectra) ** 2 @ weights + 1e-6)
    return features


def test_log_mel_equals_its_formula() -> None:
    features = log_mel(SOUND, 8000, bands=26)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, by_formula(SOUND, 8000, 26), rtol=2e-5, atol=2e-5)


def test_mfcc_is_the_cosine_transform_of_log_mel() -> None:
    bands = log_mel(SOUND, 8000, bands=20).astype(float)
    k, m = np.arange(13)[:, None], np.arange(20)
    cosines = np.cos(np.pi * k * (m + 0.5) / 20) * np.sqrt(2 / 20)
    cosines[0] /= np.sqrt(2)
    expected = bands @ cosines.T
    np.testing.assert_allclose(mfcc(SOUND, 8000, bands=20), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("frequency", [150, 440, 1000, 2500, 3500])
def test_a_tone_is_loudest_in_its_band(frequency: float) -> None:
    tone = np.sin(2 * np.pi * frequency * np.arange(8000) / 8000)
    loudest = log_mel(tone, 8000, bands=20).mean(axis=0).argmax()
    centres = np.linspace(mel(20), mel(4000), 22)[1:-1]
    assert loudest == np.abs(centres - mel(frequency)).argmin()


def test_signals_are_independent() -> None:
    sounds = np.random.default_rng(1).normal(size=(130, 400))
    features = log_mel(sounds, 8000)
    assert features.shape == (130, 3, 40)
    for row in (0, 63, 64, 129):
        np.testing.assert_allclose(features[row], log_mel(sounds[row], 8000), rtol=1e-5, atol=1e-5)
    assert mfcc(sounds, 8000, 5).shape == (130, 3, 5)


def test_silence_is_finite_and_scaling_is_a_shift() -> None:
    np.testing.assert_allclose(log_mel(np.zeros(400), 8000), np.log(1e-6), rtol=1e-6)
    loud, louder = (log_mel(SOUND * factor, 8000, floor=1e-20) for factor in (1, 2))
    np.testing.assert_allclose(louder - loud, np.log(4), atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"bands": 0}, "bands is 0"),
        ({"bands": 2.5}, "bands is 2.5"),
        ({"bands": 200}, "200 bands .* are too narrow for frames of 200 samples"),
        ({"window": 0}, "window is 0"),
        ({"hop": -1}, "hop is -1"),
        ({"hop": 1e-9}, "they need at least 2 and 1"),
        ({"low": 5000}, "low is 5000 and high 4000.0"),
        ({"high": 4001}, "half the rate"),
        ({"floor": 0}, "floor is 0"),
        ({"coefficients": 41}, "at most the 40 bands"),
        ({"rate": 0}, "rate is 0"),
        ({"rate": "8000"}, "rate is '8000'; it must be a number"),
    ],
)
def test_invalid_settings_are_refused(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        mfcc(SOUND, **({"rate": 8000} | arguments))


def test_invalid_signals_are_refused() -> None:
    with pytest.raises(DataError, match=r"shape \(150,\); .* at least the 200 samples"):
        log_mel(SOUND[:150], 8000)
    with pytest.raises(DataError, match="not finite"):
        log_mel(np.full(400, np.nan), 8000)
    with pytest.raises(DTypeError, match="dtype complex128"):
        log_mel(np.ones(400, complex), 8000)


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match=r"pip install 'chainrule\[science\]'"):
        log_mel(SOUND, 8000)

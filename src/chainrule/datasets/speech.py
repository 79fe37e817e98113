"""Recordings of spoken words."""

import hashlib
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import Range, checked_number
from chainrule.data.wav import read_wav
from chainrule.datasets.catalogue import CATALOGUE
from chainrule.datasets.locate import locate
from chainrule.errors import FormatError

__all__ = ["spoken_digits"]

Samples = tuple[NDArray[np.float32], NDArray[np.int64]]

RATE = 8000
_SECONDS = Range("a number above 0", lambda seconds: seconds >= 1 / RATE)
TEST_RECORDINGS = 5  # of each speaker and digit
NAME = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav")


def spoken_digits(seconds: float = 1.0) -> tuple[Samples, Samples]:
    """Load 3,000 recordings of English digits by six speakers, at 8,000 samples a second.

    The recordings 0 to 4 of each speaker and digit serve for testing, 5 to 49 for training, as is
    usual; so all speakers are in both parts. The content of every file is verified.

    Parameters
    ----------
    seconds : float > 0
        Every recording is made as long as this: by silence at its end, or by cutting off what comes
        later. 20 of the 3,000 are longer than 1 s, the longest is 2.28 s.

    Returns
    -------
    (X_train, y_train), (X_test, y_test) : pairs of arrays
        X : float32, (2700, n) and (300, n), in [-1, 1), with n = 8000 · seconds;
        y : int64, (2700,) and (300,), in 0 .. 9, the digit that is said. Digits and speakers
        alternate, so any stretch of the samples has all of them.

    Raises
    ------
    ArgumentError
        If `seconds` is no length.
    DownloadError
        If the folder is not on this machine; the error says where to get it and where to put it.
    FormatError
        If a recording is missing or is not the original.

    References
    ----------
    Jackson, Z. and others (2018), "Free Spoken Digit Dataset", https://zenodo.org/record/1342401.
    """
    checked_number("spoken_digits", "seconds", seconds, _SECONDS)
    (folder,) = locate("spoken_digits")
    recordings = _recordings(folder)
    length = round(RATE * float(seconds))
    # A training part that is already mixed may be cut anywhere, by validation_split for one.
    names = sorted(recordings, key=lambda name: (name[2], name[0], name[1]))
    first = next(place for place, name in enumerate(names) if name[2] >= TEST_RECORDINGS)
    X = np.zeros((len(names), length), np.float32)
    for row, name in zip(X, names, strict=True):
        signal = recordings[name][:length]
        row[: len(signal)] = signal
    y = np.array([digit for digit, _, _ in names])
    return (X[first:], y[first:]), (X[:first], y[:first])


def _recordings(folder: Path) -> dict[tuple[int, str, int], NDArray[np.float32]]:
    """Read all recordings, by digit, speaker and number, and compare them with the originals."""
    found: dict[tuple[int, str, int], Any] = {}
    listing = hashlib.sha256()
    for path in sorted(folder.glob("*.wav")):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        listing.update(f"{digest}  {folder.name}/{path.name}\n".encode())
        parts = NAME.fullmatch(path.name)
        if parts is None:
            raise FormatError(f"{path} is none of the recordings; take it out of the folder")
        signal, rate = read_wav(io.BytesIO(content))
        if rate != RATE or signal.ndim != 1:
            raise FormatError(f"{path} is not one channel at {RATE} Hz; fetch it again")
        found[int(parts[1]), parts[2], int(parts[3])] = signal
    if listing.hexdigest() != CATALOGUE["spoken_digits"].files[0].sha256:
        raise FormatError(
            f"{folder} holds {len(found)} recordings that are not exactly the 3,000 originals; "
            f"fetch them again from {CATALOGUE['spoken_digits'].origin}"
        )
    return found

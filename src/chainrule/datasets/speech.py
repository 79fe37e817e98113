"""Recordings of spoken digits."""

import hashlib
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import DATASET_ALIASES
from chainrule.arguments.checks import Range, checked_number
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.wav import read_wav
from chainrule.datasets.catalogue import CATALOGUE
from chainrule.datasets.locate import locate
from chainrule.errors import FormatError, counted

__all__ = ["spoken_digits"]

Samples = tuple[NDArray[np.float32], NDArray[np.int64]]

RATE = 8000
_SECONDS = Range("a number above 0, at most 60", lambda seconds: 1 / RATE <= seconds <= 60)
TEST_RECORDINGS = 5  # of each speaker and digit
NAME = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav")


@answers_foreign_names(DATASET_ALIASES)
def spoken_digits(seconds: float = 1.0) -> tuple[Samples, Samples]:
    """Load 3,000 recordings of English digits by six speakers, sampled at 8,000 Hz.

    As by their authors, the recordings 0 to 4 of each speaker and digit are for testing, 5 to 49
    for training; all speakers are in both parts. The checksum of every file is verified.

    Parameters
    ----------
    seconds : float in (0, 60]
        Length of the recordings, padded with zeros or truncated. 20 of the 3,000 are longer than
        1 s, the longest is 2.28 s.

    Returns
    -------
    (X_train, y_train), (X_test, y_test) : pairs of arrays
        X : float32, (2700, n) and (300, n), in [-1, 1), with n = 8000 · seconds;
        y : int64, (2700,) and (300,), in 0 .. 9, the spoken digit. Digits and speakers alternate,
        so that any interval of the samples has all of them.

    Raises
    ------
    ArgumentError
        If `seconds` is not in its range.
    DownloadError
        If the folder is not present; the error names its source and the folder to put it in.
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
    # Interleaved, so that validation_split may cut the training part anywhere.
    names = sorted(recordings, key=lambda name: (name[2], name[0], name[1]))
    first = next(index for index, name in enumerate(names) if name[2] >= TEST_RECORDINGS)
    X = np.zeros((len(names), length), np.float32)
    for row, name in zip(X, names, strict=True):
        signal = recordings[name][:length]
        row[: len(signal)] = signal
    y = np.array([digit for digit, _, _ in names])
    return (X[first:], y[first:]), (X[:first], y[:first])


def _recordings(folder: Path) -> dict[tuple[int, str, int], NDArray[np.float32]]:
    """Read all recordings, by digit, speaker and index, and verify their checksum."""
    recordings: dict[tuple[int, str, int], Any] = {}
    listing = hashlib.sha256()
    for path in sorted(folder.glob("*.wav")):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        listing.update(f"{digest}  {folder.name}/{path.name}\n".encode())
        parts = NAME.fullmatch(path.name)
        if parts is None:
            raise FormatError(f"{path} is not one of the recordings; remove it from the folder")
        signal, rate = read_wav(io.BytesIO(content))
        if rate != RATE or signal.ndim != 1:
            raise FormatError(f"{path} is not one channel at {RATE} Hz; download it again")
        recordings[int(parts[1]), parts[2], int(parts[3])] = signal
    if listing.hexdigest() != CATALOGUE["spoken_digits"].files[0].sha256:
        raise FormatError(
            f"{folder} holds {counted(len(recordings), 'recording')}, not the 3,000 originals; "
            f"download them again from {CATALOGUE['spoken_digits'].origin}"
        )
    return recordings

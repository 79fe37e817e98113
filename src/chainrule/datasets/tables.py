"""Tables of measurements."""

import numpy as np
from numpy.typing import NDArray

from chainrule.datasets.locate import locate
from chainrule.errors import FormatError

__all__ = ["letters"]

Samples = tuple[NDArray[np.float32], NDArray[np.int64]]
TRAINING_ROWS = 16_000
LETTER_ROW = np.dtype([("letter", "U1"), ("features", np.uint8, (16,))])


def letters() -> tuple[Samples, Samples]:
    """Load 20,000 printed capital letters, each described by 16 measurements of its picture.

    The first 16,000 rows serve for training and the last 4,000 for testing, as is usual.

    Returns
    -------
    (X_train, y_train), (X_test, y_test) : pairs of arrays
        X : float32, (16000, 16) and (4000, 16), in [0, 1] (the file counts from 0 to 15);
        y : int64, (16000,) and (4000,), in 0 .. 25, the letter being ``chr(ord("A") + y)``.

    Raises
    ------
    DownloadError
        If the file is neither on this machine nor to be fetched.
    FormatError
        If the file is not what it should be.

    References
    ----------
    Frey & Slate (1991), "Letter recognition using Holland-style adaptive classifiers", Machine
    Learning 6(2), 161-182.
    """
    (path,) = locate("letters")
    try:
        rows = np.loadtxt(path, dtype=LETTER_ROW, delimiter=",", encoding="ascii")
    except ValueError as error:
        raise FormatError(
            f"{path} is not a table of a letter and 16 numbers ({error}); fetch it again"
        ) from error
    X = (rows["features"] / 15).astype(np.float32)
    y = rows["letter"].view(np.uint32).astype(np.int64) - ord("A")
    if X.max() > 1 or y.min() < 0 or y.max() > 25:
        raise FormatError(f"{path} has values beyond 0 .. 15 or A .. Z; fetch it again")
    return (X[:TRAINING_ROWS], y[:TRAINING_ROWS]), (X[TRAINING_ROWS:], y[TRAINING_ROWS:])

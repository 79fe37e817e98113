"""Texts to learn to write from."""

from chainrule.datasets.locate import locate
from chainrule.errors import FormatError

__all__ = ["shakespeare"]


def shakespeare() -> str:
    """Load a million characters of Shakespeare's plays.

    Numbers for the characters, and characters for the numbers, are one line each::

        characters, codes = np.unique(list(text), return_inverse=True)
        "".join(characters[codes]) == text

    Returns
    -------
    str, 1,115,394 characters
        All of them ASCII, 65 different ones.

    Raises
    ------
    DownloadError
        If the file is neither on this machine nor to be fetched.
    FormatError
        If the file is not what it should be.

    References
    ----------
    Karpathy (2015), "The Unreasonable Effectiveness of Recurrent Neural Networks".
    """
    (path,) = locate("shakespeare")
    try:
        return path.read_bytes().decode("ascii")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is no text in ASCII; fetch it again", error.start) from None

"""Text for character-level language models."""

from chainrule.arguments.aliases import DATASET_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.datasets.locate import locate
from chainrule.errors import FormatError

__all__ = ["shakespeare"]


@answers_foreign_names(DATASET_ALIASES)
def shakespeare() -> str:
    """Load a million characters of Shakespeare's plays.

    Encoding characters as integers and decoding them takes one line each::

        characters, codes = np.unique(list(text), return_inverse=True)
        "".join(characters[codes]) == text

    Returns
    -------
    str, 1,115,394 characters
        ASCII, with 65 distinct characters.

    Raises
    ------
    DownloadError
        If the file is neither present nor downloadable.
    FormatError
        If the file is corrupt.

    References
    ----------
    Karpathy (2015), "The Unreasonable Effectiveness of Recurrent Neural Networks".
    """
    (path,) = locate("shakespeare")
    try:
        return path.read_bytes().decode("ascii")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not ASCII text; download it again", error.start) from None

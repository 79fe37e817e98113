"""Reading files, preprocessing tables and audio, and pipelines of batches.

>>> from chainrule import data
>>> pipe = data.Pipeline(range(10)).map(lambda number: number * number).batch(4)
>>> [batch.tolist() for batch in pipe]
[[0, 1, 4, 9], [16, 25, 36, 49], [64, 81]]
"""

from typing import TYPE_CHECKING

from chainrule.arguments.aliases import DATA_NAMES
from chainrule.arguments.rooms import open_room
from chainrule.data.features import Category, Date, Number
from chainrule.data.fold import folds
from chainrule.data.idx import read_idx, write_idx
from chainrule.data.pipeline import Pipeline
from chainrule.data.split import split
from chainrule.data.table import Table
from chainrule.data.wav import read_wav
from chainrule.data.window import windows
from chainrule.tracebacks import boundary

if TYPE_CHECKING:
    from chainrule.data.audio_features import log_mel, mfcc
    from chainrule.data.csv_file import read_csv
    from chainrule.data.image_folder import Images, images

__all__ = [
    "Category",
    "Date",
    "Images",
    "Number",
    "Pipeline",
    "Table",
    "folds",
    "images",
    "log_mel",
    "mfcc",
    "read_csv",
    "read_idx",
    "read_wav",
    "split",
    "windows",
    "write_idx",
]


if not TYPE_CHECKING:  # type checkers must still reject unknown names
    _answer, __dir__ = open_room(__name__, "data", __all__, DATA_NAMES)

    @boundary
    def __getattr__(name: str) -> object:
        """Import what is rarely used when it is first used, and answer the names of others."""
        if name == "read_csv":
            from chainrule.data.csv_file import reader as source
        elif name in ("Images", "images"):
            from chainrule.data import image_folder as source
        elif name in ("log_mel", "mfcc"):
            from chainrule.data import audio_features as source
        else:
            return _answer(name)
        return getattr(source, name)

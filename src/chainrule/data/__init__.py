"""Reading files, preprocessing tables and audio, and pipelines of batches.

>>> from chainrule import data
>>> pipe = data.Pipeline(range(10)).map(lambda number: number * number).batch(4)
>>> [batch.tolist() for batch in pipe]
[[0, 1, 4, 9], [16, 25, 36, 49], [64, 81]]
"""

from typing import TYPE_CHECKING

from chainrule.arguments.aliases import DATA_NAMES
from chainrule.arguments.rooms import open_room
from chainrule.data.split import split

if TYPE_CHECKING:
    from chainrule.data.audio_features import log_mel, mfcc
    from chainrule.data.csv_file.reader import read_csv
    from chainrule.data.features import Category, Date, Number
    from chainrule.data.fold import folds
    from chainrule.data.idx import read_idx, write_idx
    from chainrule.data.image_folder import Images, images
    from chainrule.data.pipeline import Pipeline
    from chainrule.data.table import Table
    from chainrule.data.wav import read_wav
    from chainrule.data.window import windows

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

_LATE = {
    "audio_features": "log_mel mfcc",
    "csv_file.reader": "read_csv",
    "features": "Category Date Number",
    "fold": "folds",
    "idx": "read_idx write_idx",
    "image_folder": "Images images",
    "pipeline": "Pipeline",
    "table": "Table",
    "wav": "read_wav",
    "window": "windows",
}
"""Modules imported when one of their names is first used."""

if not TYPE_CHECKING:  # type checkers must still reject unknown names
    __getattr__, __dir__ = open_room(__name__, "data", __all__, DATA_NAMES, _LATE)

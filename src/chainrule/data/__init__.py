"""Files into arrays, arrays into batches.

>>> from chainrule import data
>>> pipe = data.Pipeline(range(10)).map(lambda number: number * number).batch(4)
>>> [batch.tolist() for batch in pipe]
[[0, 1, 4, 9], [16, 25, 36, 49], [64, 81]]
"""

from chainrule.data.idx import read_idx, write_idx
from chainrule.data.pipeline import Pipeline
from chainrule.data.split import split

__all__ = ["Pipeline", "read_idx", "split", "write_idx"]

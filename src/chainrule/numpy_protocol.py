"""Which operation stands for which NumPy function: the table behind NumPy's dispatch protocols."""

from __future__ import annotations

import numpy as np

from chainrule.graph.node import OPERATIONS
from chainrule.ops import elementwise

for _name in elementwise.__all__:
    OPERATIONS[getattr(np, _name)] = getattr(elementwise, _name)
OPERATIONS[np.greater] = lambda a, b: elementwise.less(b, a)

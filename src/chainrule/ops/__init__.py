"""Operations on traced arrays: ``primitives`` are records, ``numpy_api`` is composed of them.

What NumPy itself lacks is exported here.
"""

from chainrule.ops.primitives.special import erf, sigmoid

__all__ = ["erf", "sigmoid"]

"""Operations on traced arrays: the ``primitives``, and the ``numpy_api`` composed of them.

It exports the functions that NumPy lacks.
"""

from chainrule.ops.primitives.special import erf, sigmoid

__all__ = ["erf", "sigmoid"]

"""Random numbers without a state: a draw is a pure function of a key and a shape.

::

    key = cr.random.key(0)
    a, b = cr.random.split(key)
    u = cr.random.uniform(a, (3, 4))
    z = cr.random.normal(b, (3, 4))

The same key gives the same numbers, in every function: use each key once, and ``split`` it for
more. Nothing detects a key that is used twice. A key is a plain array of two integers, so that it
can be an argument of a function under ``grad`` and ``jit`` and part of what a ``scan`` carries.

Keys and uniform, integer and Boolean draws are the same bit for bit with and without ``jit``, for
any number of threads and on every machine; draws by way of a logarithm or a cosine agree to its
rounding.
"""

from typing import TYPE_CHECKING

from chainrule.arguments.aliases import RANDOM_NAMES
from chainrule.arguments.rooms import open_room
from chainrule.ops.counter_based_random.continuous import exponential, gumbel, normal, uniform
from chainrule.ops.counter_based_random.discrete import (
    bernoulli,
    categorical,
    choice,
    permutation,
    randint,
)
from chainrule.ops.counter_based_random.keys import fold_in, key, split

__all__ = [
    "bernoulli",
    "categorical",
    "choice",
    "exponential",
    "fold_in",
    "gumbel",
    "key",
    "normal",
    "permutation",
    "randint",
    "split",
    "uniform",
]


if not TYPE_CHECKING:  # type checkers must still reject unknown names
    __getattr__, __dir__ = open_room(__name__, "random", __all__, RANDOM_NAMES)

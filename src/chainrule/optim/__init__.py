"""Optimisers, one a file, and schedules of their learning rate.

>>> from chainrule import optim
>>> optim.resolve_optimizer("adam", learning_rate=0.01).beta_2
0.999
"""

from chainrule.optim.adam import Adam
from chainrule.optim.clipping import clip
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.resolve import OPTIMIZERS, resolve_optimizer
from chainrule.optim.schedule import Schedule, constant
from chainrule.optim.sgd import SGD

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adam",
    "Optimizer",
    "Schedule",
    "clip",
    "constant",
    "resolve_optimizer",
]

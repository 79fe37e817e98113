"""Optimisers, one per file, and learning-rate schedules.

>>> from chainrule import optim
>>> rule = optim.Adam(learning_rate=optim.warmup(optim.cosine(0.01, epochs=20), epochs=2))
>>> [rule.rate(step=0, epoch=epoch) for epoch in (0, 1, 2, 22)]
[0.005, 0.01, 0.01, 0.0]
"""

from typing import TYPE_CHECKING

from chainrule.arguments.aliases import OPTIM_NAMES
from chainrule.arguments.rooms import open_room

if TYPE_CHECKING:
    from chainrule.optim.adadelta import Adadelta
    from chainrule.optim.adagrad import Adagrad
    from chainrule.optim.adam import Adam
    from chainrule.optim.adamw import AdamW
    from chainrule.optim.clipping import clip
    from chainrule.optim.lbfgs import LBFGS
    from chainrule.optim.levenberg_marquardt import LevenbergMarquardt
    from chainrule.optim.lion import Lion
    from chainrule.optim.minimizer import Minimizer
    from chainrule.optim.nadam import Nadam
    from chainrule.optim.optimizer import Optimizer
    from chainrule.optim.registry import (
        MINIMIZERS,
        OPTIMIZERS,
        SCHEDULES,
        from_config,
        resolve_optimizer,
    )
    from chainrule.optim.rmsprop import RMSprop
    from chainrule.optim.schedules.decay import cosine, exponential, inverse_time, step
    from chainrule.optim.schedules.plateau import reduce_on_plateau
    from chainrule.optim.schedules.schedule import Schedule, constant
    from chainrule.optim.schedules.warmup import one_cycle, warmup
    from chainrule.optim.scipy_minimizer import SciPyMinimizer
    from chainrule.optim.sgd import SGD


__all__ = [
    "LBFGS",
    "MINIMIZERS",
    "OPTIMIZERS",
    "SCHEDULES",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "LevenbergMarquardt",
    "Lion",
    "Minimizer",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "Schedule",
    "SciPyMinimizer",
    "clip",
    "constant",
    "cosine",
    "exponential",
    "from_config",
    "inverse_time",
    "one_cycle",
    "reduce_on_plateau",
    "resolve_optimizer",
    "step",
    "warmup",
]


_LATE = {
    "adadelta": "Adadelta",
    "adagrad": "Adagrad",
    "adam": "Adam",
    "adamw": "AdamW",
    "clipping": "clip",
    "lbfgs": "LBFGS",
    "levenberg_marquardt": "LevenbergMarquardt",
    "lion": "Lion",
    "minimizer": "Minimizer",
    "nadam": "Nadam",
    "optimizer": "Optimizer",
    "registry": "MINIMIZERS OPTIMIZERS SCHEDULES from_config resolve_optimizer",
    "rmsprop": "RMSprop",
    "schedules.decay": "cosine exponential inverse_time step",
    "schedules.plateau": "reduce_on_plateau",
    "schedules.schedule": "Schedule constant",
    "schedules.warmup": "one_cycle warmup",
    "scipy_minimizer": "SciPyMinimizer",
    "sgd": "SGD",
}
"""Modules imported when one of their names is first used."""

if not TYPE_CHECKING:  # type checkers must still reject unknown names
    __getattr__, __dir__ = open_room(__name__, "optim", __all__, OPTIM_NAMES, _LATE)

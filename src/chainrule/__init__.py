"""Neural networks from first principles: plain NumPy in, derivatives out.

>>> import numpy as np
>>> import chainrule as cr
>>> float(cr.grad(lambda x: np.sin(x) * x)(0.0))
0.0
"""

from typing import TYPE_CHECKING, NoReturn

from chainrule import data, datasets, errors, nn, numpy_protocol, optim, testing
from chainrule.arguments.function_aliases import CORE_NAMES
from chainrule.arguments.keywords import refuse_attribute
from chainrule.autodiff.custom import custom_vjp, stop_gradient
from chainrule.autodiff.derivative import grad, value_and_grad, vjp
from chainrule.autodiff.scan import scan
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.jit import jit
from chainrule.compiler.runtime.thread_count import get_num_threads, set_num_threads
from chainrule.errors import ChainruleError, ChainruleWarning, GradientError
from chainrule.graph.trace import trace
from chainrule.insight import plot
from chainrule.ops import counter_based_random as random
from chainrule.testing import check_grads
from chainrule.train.callbacks import Callback
from chainrule.train.early_stopping import EarlyStopping
from chainrule.train.load import load
from chainrule.train.network import Network
from chainrule.train.progress import Progress
from chainrule.train.rbm.rbm import RBM

__version__ = "0.1.0"

__all__ = [
    "RBM",
    "Callback",
    "ChainruleError",
    "ChainruleWarning",
    "EarlyStopping",
    "GradientError",
    "Network",
    "Progress",
    "check_grads",
    "custom_vjp",
    "data",
    "datasets",
    "errors",
    "get_num_threads",
    "grad",
    "jit",
    "load",
    "nn",
    "numpy_protocol",
    "optim",
    "plot",
    "random",
    "scan",
    "set_num_threads",
    "simplify",
    "stop_gradient",
    "testing",
    "trace",
    "value_and_grad",
    "vjp",
]


if not TYPE_CHECKING:  # type checkers must still reject unknown names

    def __getattr__(name: str) -> NoReturn:
        """Raise AttributeError, with our name for one of another library."""
        refuse_attribute("chainrule", name, __all__, CORE_NAMES)

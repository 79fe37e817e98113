"""Neural networks from first principles: plain NumPy in, derivatives out.

>>> import numpy as np
>>> import chainrule as cr
>>> float(cr.grad(lambda x: np.sin(x) * x)(0.0))
0.0
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chainrule import errors, nn, numpy_protocol, optim
from chainrule.autodiff.custom import custom_vjp, stop_gradient
from chainrule.autodiff.derivative import grad, value_and_grad, vjp
from chainrule.autodiff.scan import scan
from chainrule.compiler.pipeline import jit
from chainrule.errors import ChainruleError, ChainruleWarning, GradientError
from chainrule.graph.trace import trace
from chainrule.train.files import load
from chainrule.train.network import Network

if TYPE_CHECKING:
    from chainrule import data, datasets, testing
    from chainrule.insight import plot
    from chainrule.testing import check_grads

__version__ = "0.1.0"

__all__ = [
    "ChainruleError",
    "ChainruleWarning",
    "GradientError",
    "Network",
    "check_grads",
    "custom_vjp",
    "data",
    "datasets",
    "errors",
    "grad",
    "jit",
    "load",
    "nn",
    "numpy_protocol",
    "optim",
    "plot",
    "scan",
    "stop_gradient",
    "testing",
    "trace",
    "value_and_grad",
    "vjp",
]

# Rooms that not every program enters are opened on first use, so that the import stays short.
_ROOMS = {
    "check_grads": "testing",
    "data": "data",
    "datasets": "datasets",
    "plot": "insight.plot",
    "testing": "testing",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
    room = import_module(f"chainrule.{_ROOMS[name]}")
    return getattr(room, name, room)


def __dir__() -> list[str]:
    return sorted(__all__)

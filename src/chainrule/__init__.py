"""Neural networks from first principles: plain NumPy in, derivatives out.

>>> import numpy as np
>>> import chainrule as cr
>>> float(cr.grad(lambda x: np.sin(x) * x)(0.0))
0.0
"""

import sys
from typing import TYPE_CHECKING

from chainrule import data, datasets, errors, nn, optim, rich_display, science, testing
from chainrule import numpy_protocol as numpy_protocol
from chainrule.arguments.aliases import CORE_NAMES
from chainrule.arguments.rooms import open_room
from chainrule.autodiff.control_flow.scan import scan
from chainrule.autodiff.custom import custom_vjp, stop_gradient
from chainrule.autodiff.derivative import grad, value_and_grad, vjp
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.jit import jit
from chainrule.compiler.runtime.thread_count import get_num_threads, set_num_threads
from chainrule.errors import ChainruleError, ChainruleWarning, GradientError
from chainrule.graph.trace import trace
from chainrule.insight import lab, plot
from chainrule.ops import counter_based_random as random
from chainrule.testing import check_grads
from chainrule.tracebacks import boundary
from chainrule.train.callbacks import Callback, Checkpoint, EarlyStopping
from chainrule.train.load import load
from chainrule.train.network import Network
from chainrule.train.progress import Progress
from chainrule.train.rbm.rbm import RBM

if TYPE_CHECKING:
    from chainrule import losses, metrics, solvers
    from chainrule.autodiff.transformations import (
        cond,
        hessian,
        hvp,
        jacobian,
        jvp,
        linearize,
        vmap,
        while_loop,
    )
    from chainrule.insight.debugger.function import debug
    from chainrule.insight.explanation.function import explain
    from chainrule.insight.mistakes.check import check
    from chainrule.insight.plots.recorders import LayerHistograms, ParameterPath
    from chainrule.interop.onnx import from_onnx
    from chainrule.interop.tensorboard import TensorBoard
    from chainrule.interop.weights import from_keras, from_torch, to_keras, to_torch
    from chainrule.train.callbacks.csv_log import CSVLog
    from chainrule.train.callbacks.lambda_callback import LambdaCallback
    from chainrule.train.callbacks.learning_rates import LearningRateSchedule, ReduceOnPlateau
    from chainrule.train.sweep.sweep import sweep

__version__ = "0.1.0"

__all__ = [
    "RBM",
    "CSVLog",
    "Callback",
    "ChainruleError",
    "ChainruleWarning",
    "Checkpoint",
    "EarlyStopping",
    "GradientError",
    "LambdaCallback",
    "LayerHistograms",
    "LearningRateSchedule",
    "Network",
    "ParameterPath",
    "Progress",
    "ReduceOnPlateau",
    "TensorBoard",
    "check",
    "check_grads",
    "cond",
    "custom_vjp",
    "data",
    "datasets",
    "debug",
    "errors",
    "explain",
    "from_keras",
    "from_onnx",
    "from_torch",
    "get_num_threads",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jit",
    "jvp",
    "lab",
    "linearize",
    "load",
    "losses",
    "metrics",
    "nn",
    "optim",
    "plot",
    "random",
    "scan",
    "science",
    "set_num_threads",
    "simplify",
    "solvers",
    "stop_gradient",
    "sweep",
    "testing",
    "to_keras",
    "to_torch",
    "trace",
    "value_and_grad",
    "vjp",
    "vmap",
    "while_loop",
]

# Rooms whose code lies deeper: `from chainrule.random import key` finds them, too.
sys.modules |= {f"{__name__}.{room}": globals()[room] for room in ("lab", "plot", "random")}


def _html_of(shown: object) -> str | None:
    from chainrule.insight.displays.choice import html_of

    return html_of(shown)


rich_display.write_by(_html_of)

_TRANSFORMATIONS = (
    "cond", "hessian", "hvp", "jacobian", "jvp", "linearize", "vmap", "while_loop",
)  # fmt: skip
"""Transformations that most programs do not use: imported when they are."""

if not TYPE_CHECKING:  # type checkers must still reject unknown names
    _answer, __dir__ = open_room(__name__, "chainrule", [*__all__, "__version__"], CORE_NAMES)

    @boundary
    def __getattr__(name: str) -> object:
        """Import what is rarely used when it is first used, and answer the names of others."""
        match name:
            case "check" | "debug" | "explain":
                from chainrule.insight.debugger.function import debug
                from chainrule.insight.explanation.function import explain
                from chainrule.insight.mistakes.check import check

                return {"check": check, "debug": debug, "explain": explain}[name]
            case "LayerHistograms" | "ParameterPath":
                from chainrule.insight.plots import recorders

                return getattr(recorders, name)
            case "TensorBoard" | "from_keras" | "from_torch" | "to_keras" | "to_torch":
                from chainrule.interop import tensorboard, weights

                return getattr(tensorboard if name == "TensorBoard" else weights, name)
            case "from_onnx":
                from chainrule.interop.onnx import from_onnx

                return from_onnx
            case "CSVLog" | "LambdaCallback":
                from chainrule.train.callbacks import csv_log, lambda_callback

                return getattr(csv_log if name == "CSVLog" else lambda_callback, name)
            case "LearningRateSchedule" | "ReduceOnPlateau":
                from chainrule.train.callbacks import learning_rates

                return getattr(learning_rates, name)
            case "sweep":
                from chainrule.train.sweep.sweep import sweep

                return sweep
            case "losses" | "metrics" | "solvers":
                import chainrule.losses
                import chainrule.metrics
                import chainrule.solvers

                return sys.modules[f"{__name__}.{name}"]
            case "sklearn":
                import chainrule.sklearn  # noqa: F401

                return sys.modules[f"{__name__}.{name}"]
            case _ if name in _TRANSFORMATIONS:
                from chainrule.autodiff import transformations

                return getattr(transformations, name)
            case _:
                return _answer(name)

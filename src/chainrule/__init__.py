"""Neural networks from first principles: plain NumPy in, derivatives out.

>>> import numpy as np
>>> import chainrule as cr
>>> float(cr.grad(lambda x: np.sin(x) * x)(0.0))
0.0
"""

from typing import TYPE_CHECKING

from chainrule import errors, rich_display
from chainrule import numpy_protocol as numpy_protocol
from chainrule.arguments.aliases import CORE_NAMES
from chainrule.arguments.rooms import open_room
from chainrule.errors import ChainruleError, ChainruleWarning, GradientError

if TYPE_CHECKING:
    from chainrule import data, datasets, losses, metrics, nn, optim, science, solvers, testing
    from chainrule.autodiff.control_flow.scan import scan
    from chainrule.autodiff.custom import custom_vjp, stop_gradient
    from chainrule.autodiff.derivative import grad, value_and_grad, vjp
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
    from chainrule.compiler.graph_passes.simplify import simplify
    from chainrule.compiler.jit import jit
    from chainrule.compiler.runtime.thread_count import get_num_threads, set_num_threads
    from chainrule.graph.trace import trace
    from chainrule.insight import lab, plot
    from chainrule.insight.debugger.function import debug
    from chainrule.insight.explanation.function import explain
    from chainrule.insight.mistakes.check import check
    from chainrule.insight.plots.recorders import LayerHistograms, ParameterPath
    from chainrule.interop.onnx import from_onnx
    from chainrule.interop.tensorboard import TensorBoard
    from chainrule.interop.weights import from_keras, from_torch, to_keras, to_torch
    from chainrule.ops import counter_based_random as random
    from chainrule.testing.gradient import check_grads
    from chainrule.train.callbacks import Callback, Checkpoint, EarlyStopping
    from chainrule.train.callbacks.csv_log import CSVLog
    from chainrule.train.callbacks.lambda_callback import LambdaCallback
    from chainrule.train.callbacks.learning_rates import LearningRateSchedule, ReduceOnPlateau
    from chainrule.train.load import load
    from chainrule.train.network import Network
    from chainrule.train.progress import Progress
    from chainrule.train.rbm.rbm import RBM
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


def _html_of(shown: object) -> str | None:
    from chainrule.insight.displays.choice import html_of

    return html_of(shown)


rich_display.write_by(_html_of)

_LATE = {
    "autodiff.control_flow.scan": "scan",
    "autodiff.custom": "custom_vjp stop_gradient",
    "autodiff.derivative": "grad value_and_grad vjp",
    "compiler.graph_passes.simplify": "simplify",
    "compiler.jit": "jit",
    "compiler.runtime.thread_count": "get_num_threads set_num_threads",
    "graph.trace": "trace",
    "testing.gradient": "check_grads",
    "train.callbacks": "Callback Checkpoint EarlyStopping",
    "train.load": "load",
    "train.network": "Network",
    "train.progress": "Progress",
    "train.rbm.rbm": "RBM",
    "autodiff.transformations": "cond hessian hvp jacobian jvp linearize vmap while_loop",
    "insight.debugger.function": "debug",
    "insight.explanation.function": "explain",
    "insight.mistakes.check": "check",
    "insight.plots.recorders": "LayerHistograms ParameterPath",
    "interop.onnx": "from_onnx",
    "interop.tensorboard": "TensorBoard",
    "interop.weights": "from_keras from_torch to_keras to_torch",
    "train.callbacks.csv_log": "CSVLog",
    "train.callbacks.lambda_callback": "LambdaCallback",
    "train.callbacks.learning_rates": "LearningRateSchedule ReduceOnPlateau",
    "train.sweep.sweep": "sweep",
}
"""Modules imported when one of their names is first used."""

_DEEPER = {
    "lab": "insight.lab",
    "plot": "insight.plot",
    "random": "ops.counter_based_random",
}
"""Rooms whose code lies deeper: ``from chainrule.random import key`` finds them, too."""

if not TYPE_CHECKING:  # type checkers must still reject unknown names
    __getattr__, __dir__ = open_room(
        __name__, "chainrule", [*__all__, "__version__"], CORE_NAMES, _LATE, _DEEPER
    )

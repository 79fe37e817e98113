"""Solvers as functions of graphs: minimisation and integration, made of loops with derivatives.

A solver is plain code over ``while_loop`` and ``scan``. So it runs under ``jit``, ``vmap`` and
``grad`` as any other function, and its result can be differentiated.
"""

from typing import TYPE_CHECKING

from chainrule.arguments.aliases import SOLVER_NAMES
from chainrule.arguments.rooms import open_room
from chainrule.solvers.adjoint import adjoint
from chainrule.solvers.initial_value import Trajectory, dormand_prince, integrate
from chainrule.solvers.lbfgs import Minimum, lbfgs
from chainrule.solvers.levenberg_marquardt import LeastSquares, levenberg_marquardt
from chainrule.solvers.recorder import Recording
from chainrule.solvers.recording import interpolated, record

__all__ = [
    "LeastSquares",
    "Minimum",
    "Recording",
    "Trajectory",
    "adjoint",
    "dormand_prince",
    "integrate",
    "interpolated",
    "lbfgs",
    "levenberg_marquardt",
    "record",
]


if not TYPE_CHECKING:  # type checkers must still reject unknown names
    __getattr__, __dir__ = open_room(__name__, "solvers", __all__, SOLVER_NAMES)

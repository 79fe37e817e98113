"""Solvers as functions of graphs: minimisation and integration, made of loops with derivatives.

A solver is plain code over ``while_loop`` and ``scan``. So it runs under ``jit``, ``vmap`` and
``grad`` as any other function, and its result can be differentiated.
"""

from chainrule.solvers.lbfgs import Minimum, lbfgs
from chainrule.solvers.runge_kutta import Trajectory, dormand_prince

__all__ = ["Minimum", "Trajectory", "dormand_prince", "lbfgs"]

"""Transformations of functions that most programs do not use, imported when they are."""

from chainrule.autodiff.control_flow.cond import cond
from chainrule.autodiff.control_flow.while_loop import while_loop
from chainrule.autodiff.jacobian import hessian, hvp, jacobian
from chainrule.autodiff.linearization import jvp, linearize
from chainrule.autodiff.vmap import vmap

__all__ = ["cond", "hessian", "hvp", "jacobian", "jvp", "linearize", "vmap", "while_loop"]

"""Transformations of functions that most programs do not use, imported when they are."""

from chainrule.autodiff.cond import cond
from chainrule.autodiff.while_loop import while_loop

__all__ = ["cond", "while_loop"]

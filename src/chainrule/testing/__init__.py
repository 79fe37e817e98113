"""Checks that derivatives are right, by a method that knows nothing of the chain rule.

`check_grads` compares derivatives with extrapolated differences in random directions; `check_layer`
does so for a layer's inputs and parameters, and compares a backward written by hand with the
derived one. Both are for users' code as much as for ours.
"""

from chainrule.testing.derived_layer import check_layer
from chainrule.testing.gradient import check_grads, numerical_derivative

__all__ = ["check_grads", "check_layer", "numerical_derivative"]

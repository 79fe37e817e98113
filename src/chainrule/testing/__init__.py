"""Gradient checks by finite differences, for the library and for users' code.

`check_grads` compares directional derivatives with Richardson-extrapolated central differences in
random directions; `check_layer` does so for the inputs and parameters of a layer, and compares a
manual ``backward`` with the derived one.
"""

from typing import TYPE_CHECKING

from chainrule.arguments.aliases import TESTING_NAMES
from chainrule.arguments.rooms import open_room

if TYPE_CHECKING:
    from chainrule.testing.gradient import check_grads, numerical_derivative
    from chainrule.testing.layer_gradient import check_layer


__all__ = ["check_grads", "check_layer", "numerical_derivative"]

_LATE = {
    "gradient": "check_grads numerical_derivative",
    "layer_gradient": "check_layer",
}
"""Modules imported when one of their names is first used."""

if not TYPE_CHECKING:  # type checkers must still reject unknown names
    __getattr__, __dir__ = open_room(__name__, "testing", __all__, TESTING_NAMES, _LATE)

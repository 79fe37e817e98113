"""SciPy with exact derivatives: optimisation, roots, fits, differential equations, images.

::

    from scipy import optimize      ->   from chainrule.science import optimize
    from scipy import integrate     ->   from chainrule.science import integrate
    from scipy import ndimage       ->   from chainrule.science import ndimage

Names, arguments and results are SciPy's. Functions of plain NumPy are traced: their gradients,
Jacobians and Hessian products are exact and compiled. What chainrule does not implement is SciPy's
own. ``chainrule.science`` itself has the names of the first two, and the filters of ``images``.
"""

from typing import TYPE_CHECKING

from chainrule.science.names import IMAGES, INTEGRATE, OPTIMIZE, SUBPACKAGES
from chainrule.tracebacks import boundary

# Literally in `names`, from which `late` knows what to import.
__all__ = [*SUBPACKAGES, *OPTIMIZE, *INTEGRATE, *IMAGES]  # noqa: PLE0604 # pyright: ignore[reportUnsupportedDunderAll]

if not TYPE_CHECKING:  # SciPy is imported with the first name that needs it

    @boundary
    def __getattr__(name: str) -> object:
        """Import what is first used: its own names, then those of SciPy's modules."""
        from chainrule.science.late import find

        value = find(name)
        if name in __all__:  # found without this function the next time
            globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted(__all__)

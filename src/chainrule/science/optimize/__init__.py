"""``scipy.optimize`` with exact derivatives: minimisation, roots, least squares, curve fits."""

from typing import TYPE_CHECKING

from scipy import optimize as _scipy

from chainrule.science.optimize.minimize import minimize

__all__ = ["minimize"]

if not TYPE_CHECKING:  # what is not replaced is SciPy's own

    def __getattr__(name: str) -> object:
        return getattr(_scipy, name)

    def __dir__() -> list[str]:
        return sorted({*__all__, *_scipy.__all__})

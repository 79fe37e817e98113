"""``scipy.integrate`` with exact derivatives."""

from typing import TYPE_CHECKING

from scipy import integrate as _scipy

from chainrule.science.integrate.odeint import odeint
from chainrule.science.integrate.solve_ivp import solve_ivp

__all__ = ["odeint", "solve_ivp"]


if not TYPE_CHECKING:  # what is not replaced is SciPy's own

    def __getattr__(name: str) -> object:
        return getattr(_scipy, name)

    def __dir__() -> list[str]:
        return sorted({*__all__, *_scipy.__all__})

"""SciPy's solvers for arrays of problems in one number, `scipy.optimize.elementwise`."""

from scipy.optimize.elementwise import (
    bracket_minimum,
    bracket_root,
    find_minimum,
    find_root,
)

__all__ = ["bracket_minimum", "bracket_root", "find_minimum", "find_root"]

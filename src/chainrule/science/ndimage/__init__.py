"""``scipy.ndimage`` with its filters compiled, and differentiable in traced functions.

Names, arguments and results are SciPy's: linear filters to the bit, as values are computed in
float64 in SciPy's order, and stored in the dtype of the input or of `output`, where integers wrap
around as SciPy's do. ``science.filter2d`` and its relatives do not wrap around. What is not
replaced, such as interpolation, morphology and filters by a function, is SciPy's own.
"""

from typing import TYPE_CHECKING

from scipy import ndimage as _scipy

from chainrule.science.ndimage.correlation import (
    convolve,
    convolve1d,
    correlate,
    correlate1d,
    uniform_filter,
    uniform_filter1d,
)
from chainrule.science.ndimage.differences import laplace, prewitt, sobel
from chainrule.science.ndimage.extremes import (
    maximum_filter,
    maximum_filter1d,
    minimum_filter,
    minimum_filter1d,
)
from chainrule.science.ndimage.order_statistics import (
    median_filter,
    percentile_filter,
    rank_filter,
)
from chainrule.science.ndimage.smoothing import (
    gaussian_filter,
    gaussian_filter1d,
    gaussian_gradient_magnitude,
    gaussian_laplace,
)

__all__ = [
    "convolve",
    "convolve1d",
    "correlate",
    "correlate1d",
    "gaussian_filter",
    "gaussian_filter1d",
    "gaussian_gradient_magnitude",
    "gaussian_laplace",
    "laplace",
    "maximum_filter",
    "maximum_filter1d",
    "median_filter",
    "minimum_filter",
    "minimum_filter1d",
    "percentile_filter",
    "prewitt",
    "rank_filter",
    "sobel",
    "uniform_filter",
    "uniform_filter1d",
]

if not TYPE_CHECKING:  # what is not replaced is SciPy's own

    def __getattr__(name: str) -> object:
        return getattr(_scipy, name)

    def __dir__() -> list[str]:
        return sorted({*__all__, *_scipy.__all__})

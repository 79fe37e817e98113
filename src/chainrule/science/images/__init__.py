"""Filters of images: edges, smoothing, thresholds, focus.

Images are grey or in colour, one or several, of any real dtype; see `filter2d`. In a network they
are fixed layers: ``nn.Lambda(lambda images: science.sobel(images, 45))``.
"""

from chainrule.science.images.filters import filter2d, gaussian, laplacian
from chainrule.science.images.focus import canny, sharpness
from chainrule.science.images.gradients import (
    gradient_direction,
    gradient_magnitude,
    prewitt,
    sobel,
)
from chainrule.science.images.outliers import median
from chainrule.science.images.threshold import threshold

__all__ = [
    "canny",
    "filter2d",
    "gaussian",
    "gradient_direction",
    "gradient_magnitude",
    "laplacian",
    "median",
    "prewitt",
    "sharpness",
    "sobel",
    "threshold",
]

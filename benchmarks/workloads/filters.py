"""Filters of images of 512² and 4096² pixels, float32 and uint8, against SciPy and OpenCV.

Linear filters of uint8 give float32, except the Gaussian: OpenCV keeps uint8, so that all round.
All have the border ``reflect``; OpenCV's median has ``replicate`` only, and so has everyone's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.workloads import derivatives

__all__ = ["BENCHMARKS", "BUILDERS", "Case"]

MILLISECONDS = Quantity("ms", 1e3)
SIGMA, LENGTH = 2.0, 17
WEIGHTS = np.random.default_rng(1).normal(size=(5, 5)).astype(np.float32)


@dataclass(frozen=True)
class Case:
    """A filter, ``sobel``, ``gaussian``, ``filter2d`` or ``median``, and the images it takes."""

    filter: str
    side: int
    dtype: str

    def draw(self) -> Any:
        """Draw an image."""
        return (np.random.default_rng(0).random((self.side, self.side)) * 255).astype(self.dtype)


def with_scipy(case: Case) -> Callable[[], Any]:
    """Call SciPy's filters."""
    from scipy import ndimage

    image, single = case.draw(), np.float32

    def rounded() -> Any:
        return np.rint(ndimage.gaussian_filter(image, SIGMA, output=single)).astype(case.dtype)

    smooth = partial(ndimage.gaussian_filter, image, SIGMA)
    return {
        "sobel": partial(ndimage.sobel, image, output=single),
        "gaussian": rounded if case.dtype == "uint8" else smooth,
        "filter2d": partial(ndimage.correlate, image, WEIGHTS, output=single),
        "median": partial(ndimage.median_filter, image, 3, mode="nearest"),
    }[case.filter]


def with_opencv(case: Case) -> Callable[[], Any]:
    """Call OpenCV's filters."""
    import cv2

    image, border = case.draw(), {"borderType": cv2.BORDER_REFLECT}
    return {
        "sobel": partial(cv2.Sobel, image, cv2.CV_32F, 1, 0, **border),
        "gaussian": partial(cv2.GaussianBlur, image, (LENGTH, LENGTH), SIGMA, **border),
        "filter2d": partial(cv2.filter2D, image, cv2.CV_32F, WEIGHTS, **border),
        "median": partial(cv2.medianBlur, image, 3),
    }[case.filter]


def with_chainrule(case: Case) -> Callable[[], Any]:
    """Call filters of images."""
    from chainrule import science

    image = case.draw()
    return {
        "sobel": partial(science.sobel, image),
        "gaussian": partial(science.gaussian, image, SIGMA, dtype=case.dtype),
        "filter2d": partial(science.filter2d, image, WEIGHTS),
        "median": partial(science.median, image, 3, border="nearest"),
    }[case.filter]


BUILDERS = {"scipy": with_scipy, "opencv": with_opencv, "chainrule": with_chainrule}


def start(case: Case, contestant: str, _scratch: Path) -> Session:
    """Filter one image repeatedly."""
    return Session(partial(repetition, BUILDERS[contestant](case)), "evenly spread numbers")


def repetition(call: Callable[[], Any]) -> Figure:
    """Time as many calls as fit the time; the check is the mean square of the result."""
    seconds = derivatives.repetition(call).value
    return Figure(seconds, float(np.mean(np.square(np.asarray(call(), np.float64)))))


BENCHMARKS = tuple(
    Benchmark(
        name=f"filters-{case.filter}-{case.side}-{case.dtype}",
        title=f"{case.filter} of {case.side} × {case.side} pixels, {case.dtype}",
        quantity=MILLISECONDS,
        contestants=tuple(BUILDERS),
        start=partial(start, case),
        tolerance=2e-3,
        on_request=True,
    )
    for side in (512, 4096)
    for dtype in ("float32", "uint8")
    for case in (Case(each, side, dtype) for each in ("sobel", "gaussian", "filter2d", "median"))
)

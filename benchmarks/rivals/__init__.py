"""The contestants, one file each, imported only in the process that runs it."""

from dataclasses import dataclass
from typing import cast

from benchmarks.contestant import Rival

__all__ = ["CONTESTANTS", "OURS", "PACKAGES", "Entry", "rival"]


@dataclass(frozen=True)
class Entry:
    """A contestant's line in the list.

    Parameters
    ----------
    label : str
        Its name in the table.
    imports : str
        The statement its user begins with.
    packages : tuple of str
        The distributions its user installs; they bring along what they need.
    """

    label: str
    imports: str
    packages: tuple[str, ...]


CONTESTANTS = {
    "numpy": Entry("NumPy by hand", "import numpy", ("numpy",)),
    "scipy": Entry("SciPy", "import scipy", ("scipy", "numpy")),
    "scipy-numba": Entry("SciPy with Numba", "import numba", ("scipy", "numba", "numpy")),
    "numbalsoda": Entry("numbalsoda", "import numbalsoda", ("numbalsoda", "numba", "numpy")),
    "opencv": Entry("OpenCV", "import cv2", ("opencv-python-headless", "numpy")),
    "torch": Entry("PyTorch eager", "import torch", ("torch", "numpy")),
    "torch-compiled": Entry("PyTorch compiled", "import torch", ("torch", "numpy")),
    "jax": Entry("JAX", "import jax", ("jax", "jaxlib")),
    "diffrax-tsit5": Entry("Diffrax, Tsit5", "import diffrax", ("diffrax", "jax", "jaxlib")),
    "diffrax-dopri8": Entry("Diffrax, Dopri8", "import diffrax", ("diffrax", "jax", "jaxlib")),
    "diffrax-step": Entry("Diffrax, compiled step", "import diffrax", ("diffrax", "jax", "jaxlib")),
    "diffrax-scan": Entry("Diffrax, one scan", "import diffrax", ("diffrax", "jax", "jaxlib")),
    "torchdiffeq": Entry("torchdiffeq", "import torchdiffeq", ("torchdiffeq", "torch", "numpy")),
    "keras": Entry("Keras on JAX", "import keras", ("keras", "jax", "jaxlib")),
    "sklearn": Entry("scikit-learn", "import sklearn.neural_network", ("scikit-learn",)),
    "chainrule": Entry("chainrule", "import chainrule", ("chainrule",)),
    "chainrule-jit": Entry("chainrule, jit", "import chainrule", ("chainrule",)),
    "chainrule-idle": Entry("chainrule, an idle callback", "import chainrule", ("chainrule",)),
    "chainrule-loss": Entry("chainrule, loss of each step", "import chainrule", ("chainrule",)),
    "chainrule-bias": Entry("chainrule, bias of each step", "import chainrule", ("chainrule",)),
}
"""By name on the command line and in the JSON."""

OURS = ("chainrule", "chainrule-jit")
"""The contestants that are chainrule's own."""

PACKAGES = (
    *dict.fromkeys(package for entry in CONTESTANTS.values() for package in entry.packages),
    "llvmlite",
)
"""Distributions whose versions are recorded with the results."""


def rival(name: str) -> Rival:
    """Import a contestant's file, which imports its framework.

    Raises
    ------
    ModuleNotFoundError
        If the framework is not installed.
    KeyError
        If there is no contestant of that name.
    """
    match name:
        case "numpy":
            from benchmarks.rivals import numpy_by_hand as module
        case "torch":
            from benchmarks.rivals import torch_eager as module
        case "torch-compiled":
            from benchmarks.rivals import torch_compiled as module
        case "jax":
            from benchmarks.rivals import jax_scan as module
        case "keras":
            from benchmarks.rivals import keras_fit as module
        case "sklearn":
            from benchmarks.rivals import sklearn_fit as module
        case "chainrule":
            from benchmarks.rivals import chainrule_fit as module
        case "chainrule-jit":
            from benchmarks.rivals import chainrule_jit as module
        case _:
            raise KeyError(f"no contestant {name!r}; there are {', '.join(CONTESTANTS)}")
    return cast(Rival, module)  # what a benchmark does not call may be missing

"""The contestants, one file each, imported only in the process that runs it."""

from collections.abc import Callable

from benchmarks.contestant import Contestant
from benchmarks.workload import Dataset, Workload

__all__ = ["CONTESTANTS", "OURS", "PACKAGES", "builder"]

CONTESTANTS = {
    "numpy": "NumPy by hand",
    "torch": "PyTorch eager",
    "torch-compiled": "PyTorch compiled",
    "jax": "JAX, epochs in scan",
    "keras": "Keras on JAX",
    "sklearn": "scikit-learn",
    "chainrule": "chainrule",
    "chainrule-jit": "chainrule, jit",
}
"""Name on the command line and in the JSON, and name in the table."""

OURS = ("chainrule", "chainrule-jit")
"""Contestants that are no rivals of chainrule."""

PACKAGES = ("numpy", "torch", "jax", "jaxlib", "keras", "scikit-learn", "chainrule", "llvmlite")
"""Distributions whose versions are written down with the results."""


def builder(name: str) -> Callable[[Workload, Dataset], Contestant]:
    """Import a contestant's file, which imports its framework, and return its ``build``.

    Raises
    ------
    ModuleNotFoundError
        If the framework is not installed.
    KeyError
        If there is no contestant of that name.
    """
    match name:
        case "numpy":
            from benchmarks.rivals.numpy_by_hand import build
        case "torch":
            from benchmarks.rivals.torch_eager import build
        case "torch-compiled":
            from benchmarks.rivals.torch_compiled import build
        case "jax":
            from benchmarks.rivals.jax_scan import build
        case "keras":
            from benchmarks.rivals.keras_fit import build
        case "sklearn":
            from benchmarks.rivals.sklearn_fit import build
        case "chainrule":
            from benchmarks.rivals.chainrule_fit import build
        case "chainrule-jit":
            from benchmarks.rivals.chainrule_jit import build
        case _:
            raise KeyError(f"no contestant {name!r}; there are {', '.join(CONTESTANTS)}")
    return build

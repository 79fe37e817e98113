"""The implementations of each framework: one file each, imported when it takes part."""

from collections.abc import Callable
from typing import Any, Protocol

from benchmarks.images.task import Layer, Task, Trained
from benchmarks.workload import Dataset, FloatArray, Parameters

__all__ = ["Implementation", "implementation"]


class Implementation(Protocol):
    """What the module of a framework exports."""

    @staticmethod
    def network(task: Task, dataset: Dataset, parameters: Parameters, contestant: str) -> Trained:
        """Build the network; images are the rows of the data."""
        ...

    @staticmethod
    def gradients(
        layer: Layer, arrays: tuple[FloatArray, ...], contestant: str
    ) -> Callable[[], tuple[Any, ...]]:
        """Return what computes the value and both gradients, and waits for them."""
        ...


def implementation(contestant: str) -> Implementation:
    """Import the module of a contestant, which imports its framework.

    Raises
    ------
    KeyError
        If it takes no part here.
    """
    match contestant:
        case "torch" | "torch-compiled":
            from benchmarks.images import torch_images as module
        case "jax":
            from benchmarks.images import jax_images as module
        case "keras":
            from benchmarks.images import keras_images as module
        case "chainrule" | "chainrule-jit":
            from benchmarks.images import chainrule_images as module
        case _:
            raise KeyError(f"{contestant!r} takes no part in the benchmarks on images")
    return module  # type: ignore[return-value]

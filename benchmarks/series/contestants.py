"""The implementations of each framework: one file each, imported when it takes part."""

from typing import Protocol

from benchmarks.series.task import Task, Trained
from benchmarks.workload import Dataset, Parameters

__all__ = ["Implementation", "implementation"]


class Implementation(Protocol):
    """What the module of a framework exports."""

    @staticmethod
    def network(task: Task, dataset: Dataset, parameters: Parameters, contestant: str) -> Trained:
        """Build the network; series are the rows of the data."""
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
            from benchmarks.series import torch_series as module
        case "jax":
            from benchmarks.series import jax_series as module
        case "keras":
            from benchmarks.series import keras_series as module
        case "chainrule":
            from benchmarks.series import chainrule_series as module
        case _:
            raise KeyError(f"{contestant!r} takes no part in the benchmarks on series")
    return module  # type: ignore[return-value]

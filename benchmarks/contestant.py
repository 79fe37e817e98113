"""What a contestant must offer; a file in ``rivals/`` has the functions that make one."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from benchmarks.workload import Dataset, FloatArray, Parameters, Workload

__all__ = ["Contestant", "Rival"]


class Contestant(Protocol):
    """A network in somebody's framework, in the best form that its users know.

    Only ``train`` and ``predict`` are timed, and they return when the work is done, not when it
    has been queued. Who takes no part in a benchmark may leave its method out.
    """

    def restart(self, parameters: Parameters) -> None:
        """Copy these weights and biases in, and forget what training has left behind."""
        ...

    def train(self, epochs: int) -> None:
        """Do so many passes over the data."""
        ...

    def parameters(self) -> Parameters:
        """Return the weights (in, out) and biases as NumPy arrays, in the order of the layers."""
        ...

    def predict(self, x: FloatArray) -> FloatArray:
        """Return the output for these rows, from NumPy to NumPy; logits up to a constant a row."""
        ...


class Rival(Protocol):
    """A file in ``rivals/``. Importing it imports its framework and nothing else."""

    @staticmethod
    def build(workload: Workload, dataset: Dataset) -> Contestant:
        """Make the contestant; it places the data wherever the framework likes it."""
        ...

    @staticmethod
    def prepare_call(
        function: Callable[..., Any], arrays: Sequence[FloatArray]
    ) -> Callable[[], Any]:
        """Compile a function and place its arguments; what is returned calls it and waits."""
        ...

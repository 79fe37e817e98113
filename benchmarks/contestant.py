"""The interface of a contestant, and of the modules in ``rivals/`` that build one."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from benchmarks.workload import Dataset, FloatArray, Parameters, Workload

__all__ = ["Contestant", "Rival"]


class Contestant(Protocol):
    """A network in one framework, in the fastest form that its documentation offers.

    Only ``train`` and ``predict`` are timed, and they return when the work is finished, not when
    it is queued. The method of a benchmark without this contestant may be missing.
    """

    def restart(self, parameters: Parameters) -> None:
        """Set weights and biases, and reset the optimiser state."""
        ...

    def train(self, epochs: int) -> None:
        """Train for `epochs` passes over the data."""
        ...

    def parameters(self) -> Parameters:
        """Return the weights (in, out) and biases as NumPy arrays, in the order of the layers."""
        ...

    def predict(self, x: FloatArray) -> FloatArray:
        """Return the output for rows, from NumPy to NumPy; logits up to a constant for each row."""
        ...


class Rival(Protocol):
    """A file in ``rivals/``. Importing it imports its framework and nothing else."""

    @staticmethod
    def build(workload: Workload, dataset: Dataset) -> Contestant:
        """Build the contestant, with the data in the framework's own arrays."""
        ...

    @staticmethod
    def prepare_call(
        function: Callable[..., Any], arrays: Sequence[FloatArray]
    ) -> Callable[[], Any]:
        """Compile a function for its arguments; the result calls it and waits for the value."""
        ...

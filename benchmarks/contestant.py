"""What a contestant must offer; a file in ``rivals/`` is a function ``build`` that makes one."""

from typing import Protocol

from benchmarks.workload import Parameters

__all__ = ["Contestant"]


class Contestant(Protocol):
    """A network in somebody's framework, in the best form that its users know.

    ``build(workload, dataset)`` places the data wherever the framework likes it. Only ``train`` is
    timed, and it returns when the work is done, not when it has been queued.
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

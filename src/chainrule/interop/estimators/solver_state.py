"""What the stochastic solvers of scikit-learn keep between epochs: learning rates and slots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["SolverState"]

_LEAST_RATE = 1e-6
"""At which an adaptive learning rate has ended."""


@dataclass
class SolverState:
    """Learning rate, number of steps and slots of a solver.

    `schedule` is "constant", "invscaling", "adaptive", or "adam", whose rate has in it the
    corrections of the moments' bias.
    """

    schedule: str
    learning_rate_init: float
    power_t: float
    beta_1: float
    beta_2: float
    learning_rate: float = field(init=False)
    steps: int = 0
    slots: Any = None

    def __post_init__(self) -> None:
        self.learning_rate = self.learning_rate_init

    def rates(self, steps: int) -> Any:
        """Return the learning rates of the next steps."""
        if self.schedule != "adam":
            return np.full(steps, self.learning_rate)
        count = np.arange(self.steps + 1, self.steps + steps + 1, dtype=np.float64)
        self.steps += steps
        corrections = np.sqrt(1 - self.beta_2**count) / (1 - self.beta_1**count)
        rates = self.learning_rate_init * corrections
        self.learning_rate = float(rates[-1])
        return rates

    def end_epoch(self, samples: int) -> None:
        """Adapt the rate to the number of samples seen so far."""
        if self.schedule == "invscaling":
            self.learning_rate = self.learning_rate_init / (samples + 1) ** self.power_t

    def stops(self, reason: str, tell: Callable[[str], None]) -> bool:
        """Return whether no improvement ends the training; an adaptive rate falls first."""
        if self.schedule != "adaptive":
            tell(f"{reason} Stopping.")
            return True
        if self.learning_rate <= _LEAST_RATE:
            tell(f"{reason} Learning rate too small. Stopping.")
            return True
        self.learning_rate /= 5
        tell(f"{reason} Setting learning rate to {self.learning_rate:f}")
        return False

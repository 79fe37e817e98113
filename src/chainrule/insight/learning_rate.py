"""The learning rate finder: the loss of steps whose rate grows exponentially."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import POSITIVE, checked_count, checked_number
from chainrule.errors import ArgumentError, DataError
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.palette import COLOURS
from chainrule.optim.minimizer import Minimizer
from chainrule.optim.schedules.decay import exponential
from chainrule.rich_display import html_of
from chainrule.train.checks import check_samples

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainrule.train.network import Network

__all__ = ["LearningRateRange", "find_learning_rate"]

Array = NDArray[Any]

_DIVERGED = 4.0
"""A loss this many times the least ends the test."""
_SMOOTHING = 3.0
"""Standard deviation, in steps, of the Gaussian that smooths the losses."""
_FALL = 0.02
"""Part of the first loss by which the loss must fall."""
_DEVIATIONS = 5.0
"""Standard deviations of the smoothed losses of mini-batches by which it must fall besides."""


@dataclass(frozen=True)
class LearningRateRange:
    """The losses of a range test, and the learning rate to take.

    Parameters
    ----------
    rate : float
        The rate at which the smoothed loss falls steepest, by the logarithm of the rate.
    rates : array, float64, (steps,)
        The rate of each step.
    losses : array, float64, (steps,)
        The loss of the mini-batch of each step, before it.
    smoothed : array, float64, (steps,)
        The losses smoothed by a Gaussian.
    """

    rate: float
    rates: Array
    losses: Array
    smoothed: Array

    def __str__(self) -> str:
        best = int(np.argmin(self.smoothed))
        return (
            f"learning rate {self.rate:.2g}: there the loss falls steepest; it is least, "
            f"{self.smoothed[best]:.4g}, at {self.rates[best]:.2g}, of {len(self.rates)} steps "
            f"from {self.rates[0]:.2g} to {self.rates[-1]:.2g}"
        )

    __repr__ = __str__
    _repr_html_ = html_of

    def plot(self, path: File = None, *, axes: Axes | None = None) -> Figure:
        """Plot the loss by the learning rate, and the rate to take.

        Parameters
        ----------
        path : str, path or None
            File to save the figure to, .png, .svg or .pdf; None does not save.
        axes : matplotlib.axes.Axes or None
            Axes to draw on; None creates a figure.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ImportError
            If matplotlib, the extra ``plot``, is not installed.
        """
        with drawing(axes, path, (6.4, 4.0)) as panel:
            panel.plot(self.rates, self.losses, ".", color=COLOURS[0], alpha=0.4, label="steps")
            panel.plot(self.rates, self.smoothed, color=COLOURS[0], label="smoothed")
            loss = float(np.interp(self.rate, self.rates, self.smoothed))
            label = f"steepest: {self.rate:.2g}"
            panel.plot([self.rate], [loss], "o", color=COLOURS[1], markersize=8, label=label)
            panel.axvline(self.rate, color=COLOURS[1], linestyle="--", linewidth=1)
            panel.set_xscale("log")
            panel.xaxis.set_major_formatter(_number)
            low, high = float(self.smoothed.min()), float(self.smoothed[0])
            panel.set_ylim(low - 0.2 * (high - low), high + 0.6 * (high - low))
            panel.set_xlabel("learning rate")
            panel.set_ylabel("loss of the mini-batch")
            panel.set_title("Range test of the learning rate")
            panel.legend()
            return root_figure(panel)


def _number(value: float, position: float | None) -> str:
    """Return the label of a tick."""
    del position
    return f"{value:g}"


def find_learning_rate(
    net: Network, X: Any, y: Any, lowest: float, highest: float, steps: int, batch_size: int
) -> LearningRateRange:
    """Return the losses of a copy of a network whose learning rate grows in each step."""
    name = "find_learning_rate"
    lowest = checked_number(name, "lowest", lowest, POSITIVE)
    highest = checked_number(name, "highest", highest, POSITIVE)
    steps = checked_count(name, "steps", steps, 10)
    size = checked_count(name, "batch_size", batch_size)
    if lowest >= highest:
        raise ArgumentError(
            f"{name}: lowest is {lowest:g} and highest {highest:g}; give them so "
            "that lowest is less than highest"
        )
    optimizer, loss = net.optimizer, net.loss
    if optimizer is None or loss is None:
        raise ArgumentError(f"{name}: the network has no loss; call net.compile(loss=...) first")
    if isinstance(optimizer, Minimizer):
        raise ArgumentError(
            f"{name}: {type(optimizer).__name__} has no learning rate; compile with one that has, "
            "such as net.compile(..., optimizer='adam')"
        )
    given = check_samples(name, X, y)
    inputs, targets = given.X, given.y
    assert targets is not None, "targets are required"
    rates = np.geomspace(lowest, highest, steps)
    growth = (highest / lowest) ** (1 / (steps - 1))
    probe = copy.deepcopy(net)
    probe.compile(loss, _with_rate(optimizer, exponential(lowest, growth, steps=1)))
    generator, size = np.random.default_rng(0), min(size, len(inputs))
    order = np.concatenate(
        [generator.permutation(len(inputs)) for _ in range(_passes(steps * size, len(inputs)))]
    )

    def step(number: int) -> float:
        rows = order[number * size : (number + 1) * size]
        history = probe.fit(inputs[rows], targets[rows], batch_size=None, verbose=0)
        return float(history["loss"][0])

    losses = _losses(step, steps)
    return _range(rates[: len(losses)], np.array(losses))


def _passes(samples: int, count: int) -> int:
    return -(-samples // count)


def _with_rate(optimizer: Any, rate: Any) -> Any:
    return replace(optimizer, learning_rate=rate)


def _losses(step: Callable[[int], float], steps: int) -> list[float]:
    """Return the losses up to the last step, or to where they diverge."""
    losses: list[float] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(steps):
            try:
                losses.append(step(number))
            except DataError:
                if not number:
                    raise
                break
            recent = float(np.mean(losses[-3:]))
            if number > steps // 10 and recent > _DIVERGED * abs(min(losses)) + 1e-12:
                break
    return losses


def _range(rates: Array, losses: Array) -> LearningRateRange:
    """Return the rate where the smoothed loss falls steepest, before it is least."""
    smoothed = _smooth(losses)
    least = int(np.argmin(smoothed))
    early = slice(max(3, len(losses) // 3))  # where the rate is too small to change much
    noise = float((losses - smoothed)[early].std()) / math.sqrt(2 * math.sqrt(math.pi) * _SMOOTHING)
    first = float(smoothed[early].mean())
    if least < 2 or first - smoothed[least] < _FALL * abs(first) + _DEVIATIONS * noise:
        raise DataError(
            f"find_learning_rate: the loss falls for no rate from {rates[0]:.2g} to "
            f"{rates[-1]:.2g}: it begins with {first:.4g} and is at least "
            f"{smoothed[least]:.4g}; look for a mistake by cr.check(net, X, y)"
        )
    derivative = np.gradient(smoothed[: least + 1], np.log(rates[: least + 1]))
    return LearningRateRange(float(rates[np.argmin(derivative)]), rates, losses, smoothed)


def _smooth(losses: Array) -> Array:
    """Return the means weighted by a Gaussian of the distance in steps."""
    places = np.arange(len(losses))
    weights = np.exp(-0.5 * ((places[:, None] - places) / _SMOOTHING) ** 2)
    return weights @ losses / weights.sum(axis=1)

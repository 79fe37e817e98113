"""Single convolutions, value and both gradients: colours, strides, groups, one image."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.benchmark import Benchmark, Figure, Quantity, Session
from benchmarks.images.contestants import implementation
from benchmarks.images.task import Layer

__all__ = ["BENCHMARKS", "LAYERS"]

LAYERS = {
    "5x5": Layer(samples=32, side=28, channels=32, filters=64, size=5),
    "colours": Layer(samples=64, side=32, channels=3, filters=64),
    "stride": Layer(samples=32, side=32, channels=64, filters=128, stride=2),
    "depthwise": Layer(samples=32, side=32, channels=128, filters=128, groups=128),
    "groups": Layer(samples=32, side=28, channels=64, filters=64, groups=4),
    "single": Layer(samples=1, side=56, channels=64, filters=64),
}


def start(layer: Layer, contestant: str, _scratch: Path) -> Session:
    """Compile the layer and run it once."""
    run = implementation(contestant).gradients(layer, layer.arrays(), contestant)
    run()
    return Session(partial(repetition, run), "Gaussian numbers")


def repetition(run: Callable[[], tuple[Any, ...]]) -> Figure:
    """Time one call; the check is the size of the kernel's gradient and of the value."""
    begin = time.perf_counter()
    y, _, gradient = run()
    seconds = time.perf_counter() - begin
    sizes = [float(np.sum(np.abs(np.asarray(each)))) for each in (y, gradient)]
    return Figure(seconds, sum(sizes))


def _benchmark(name: str, layer: Layer) -> Benchmark:
    groups = f" in {layer.groups} groups" if layer.groups > 1 else ""
    is_depthwise = layer.groups == layer.channels
    channels = f"{layer.channels} to {layer.filters} channels{groups}"
    kind = "depthwise" if is_depthwise else channels
    shape = f"{layer.samples}×{layer.side}×{layer.side}, {kind}, {layer.size}×{layer.size}"
    return Benchmark(
        name=f"conv-{name}",
        title=f"convolution of {shape}, stride {layer.stride}: value and both gradients",
        quantity=Quantity("ms a call", 1e3),
        contestants=("torch", "torch-compiled", "jax", "chainrule-jit"),
        start=partial(start, layer),
        flops=layer.flops,
    )


BENCHMARKS = tuple(_benchmark(name, layer) for name, layer in LAYERS.items())

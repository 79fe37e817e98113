"""Batches of nine functions of one sample by ``vmap``, against code written for a batch, and JAX.

All are compiled, in float32: ``chainrule`` is ``vmap(jit(f))``, ``chainrule-jit`` the code written
for a batch.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.benchmark import Benchmark, Session
from benchmarks.workloads.derivatives import MICROSECONDS, repetition

__all__ = ["BENCHMARKS", "BUILDERS", "CASES", "Case"]

Function = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """A function of one sample, and the code for a batch.

    Parameters
    ----------
    name : str
    function : callable (namespace, grad) -> callable
        Of one sample; of the functions of NumPy or of JAX, and its ``grad``.
    by_hand : callable
        The same for a batch, of the functions of NumPy.
    axes : tuple of int or None
        Which arguments are those of a sample: 0, or None for one that all samples share.
    arguments : tuple of array
    """

    name: str
    function: Callable[[Any, Any], Function]
    by_hand: Function
    axes: tuple[int | None, ...]
    arguments: tuple[Any, ...]


def with_vmap(case: Case) -> Callable[[], Any]:
    """Batch the compiled function of one sample."""
    import chainrule as cr

    return partial(cr.vmap(cr.jit(case.function(np, cr.grad)), case.axes), *case.arguments)


def with_hand(case: Case) -> Callable[[], Any]:
    """Compile the code written for a batch."""
    import chainrule as cr

    return partial(cr.jit(case.by_hand), *case.arguments)


def with_jax(case: Case) -> Callable[[], Any]:
    """Compile the batch of the function of one sample, for arrays of JAX."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    import jax.numpy as jnp

    compiled = jax.jit(jax.vmap(case.function(jnp, jax.grad), case.axes))
    arguments = [jnp.asarray(each) for each in case.arguments]
    return lambda: compiled(*arguments).block_until_ready()


BUILDERS = {"jax": with_jax, "chainrule-jit": with_hand, "chainrule": with_vmap}


def start(case: Case, contestant: str, _scratch: Path) -> Session:
    """Compute one batch repeatedly."""
    return Session(partial(repetition, BUILDERS[contestant](case)), "random arrays")


GENERATOR = np.random.default_rng(0)


def random(*shape: int) -> Any:
    """Draw an array."""
    return GENERATOR.standard_normal(shape).astype("float32")


def softmax_loss(xp: Any) -> Function:
    """Compute the cross-entropy of one sample, by the weights."""

    def loss(w: Any, x: Any, y: Any) -> Any:
        z = x @ w
        top = xp.max(z)
        return xp.log(xp.sum(xp.exp(z - top))) + top - z[y]

    return loss


def softmax_gradients(w: Any, x: Any, y: Any) -> Any:
    """Compute the gradient of each sample."""
    z = x @ w
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    residual = e / np.sum(e, axis=1, keepdims=True) - (y[:, None] == np.arange(10)).astype(x.dtype)
    return x[:, :, None] * residual[:, None, :]


def attention(xp: Any) -> Function:
    """Attend to the rows of one sample."""

    def attend(q: Any, k: Any, v: Any) -> Any:
        scores = xp.exp(q @ xp.swapaxes(k, -1, -2) / 4)
        return scores @ v / xp.sum(scores, axis=-1, keepdims=True)

    return attend


def polynomial(_: Any) -> Function:
    """Evaluate a polynomial of degree five."""
    return lambda x, p: ((((p[0] * x + p[1]) * x + p[2]) * x + p[3]) * x + p[4]) * x + p[5]


def windows(images: Any) -> Any:
    """View the windows of images."""
    return np.lib.stride_tricks.sliding_window_view(images, (5, 5), axis=(-2, -1))


def convolution(xp: Any, _: Any) -> Function:
    """Convolve one image with eight kernels."""
    if xp is np:
        return lambda x, k: np.maximum(np.einsum("ijkl,klo->ijo", windows(x), k), 0)
    from jax import lax

    def convolve(x: Any, k: Any) -> Any:
        layout = ("NHWC", "HWIO", "NHWC")
        y = lax.conv_general_dilated(
            x[None, :, :, None], k[:, :, None, :], (1, 1), "VALID", dimension_numbers=layout
        )
        return xp.maximum(y[0], 0)

    return convolve


LABELS = GENERATOR.integers(0, 10, 256)
ROWS = GENERATOR.integers(0, 1000, (512, 20))

CASES = (
    Case("dense", lambda xp, _: lambda x, w, b: xp.tanh(x @ w + b),
         lambda x, w, b: np.tanh(x @ w + b), (0, None, None),
         (random(256, 256), random(256, 128), random(128))),
    Case("convolution", convolution,
         lambda x, k: np.maximum(np.einsum("bijkl,klo->bijo", windows(x), k), 0), (0, None),
         (random(64, 28, 28), random(5, 5, 8))),
    Case("row-norms", lambda xp, _: lambda x: x / xp.sqrt(xp.sum(x * x) + 1e-6),
         lambda x: x / np.sqrt(np.sum(x * x, axis=1, keepdims=True) + np.float32(1e-6)), (0,),
         (random(512, 1000),)),
    Case("softmax-gradients", lambda xp, grad: grad(softmax_loss(xp)), softmax_gradients,
         (None, 0, 0), (random(256, 10), random(256, 256), LABELS)),
    Case("polynomial", lambda xp, _: polynomial(xp), polynomial(np), (0, None),
         (random(100_000), random(6))),
    Case("matrices", lambda xp, _: lambda a, b: a @ b @ a.T,
         lambda a, b: a @ b @ np.swapaxes(a, 1, 2), (0, 0),
         (random(1000, 8, 8), random(1000, 8, 8))),
    Case("attention", lambda xp, _: attention(xp), attention(np), (0, 0, 0),
         (random(64, 32, 16), random(64, 32, 16), random(64, 32, 16))),
    Case("lookup", lambda xp, _: lambda table, i: xp.mean(table[i], axis=0),
         lambda table, i: np.mean(table[i], axis=1), (None, 0), (random(1000, 64), ROWS)),
    Case("columns", lambda xp, _: lambda x, w: xp.tanh(x @ w), lambda x, w: np.tanh(x.T @ w),
         (1, None), (random(256, 512), random(256, 128))),
)  # fmt: skip

BENCHMARKS = tuple(
    Benchmark(
        name=f"vmap-{case.name}",
        title=f"vmap: {case.name}",
        quantity=MICROSECONDS,
        contestants=("jax", "chainrule-jit", "chainrule"),
        start=partial(start, case),
        tolerance=1e-4,
        on_request=True,
    )
    for case in CASES
)

"""Gauss-Legendre quadrature of ``exp(-E(u))`` from 0 to infinity, for convex E that increases.

The nodes are an additional last axis, so that each integral is one sum over it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.ops.numpy_api import reductions
from chainrule.ops.numpy_api.shape_manipulation import expand_dims
from chainrule.ops.primitives.elementwise import exp
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import stop_gradient

__all__ = ["LARGEST_EXPONENT", "integrate_decay"]

LARGEST_EXPONENT = 38.0  # beyond it, exp(-E) is nothing beside the integral

# Nodes and weights of order 40 on [0, 1], by Newton's method on the Legendre polynomial, 40 digits.
_NODES = np.array(
    [
        0.0008811451447203998, 0.004636880650271497, 0.011370025008112869, 0.021041590393104173,
        0.03359359586066173, 0.04895059651556285, 0.06702024839387025, 0.08769388458334416,
        0.1108471742867403, 0.13634087240503645, 0.16402165769291022, 0.19372305516600988,
        0.2252664374524359, 0.25846209915691065, 0.2931103978141975, 0.32900295458712076,
        0.36592390749637316, 0.40365120964931445, 0.4419579646623724, 0.48061379124697456,
        0.5193862087530254, 0.5580420353376276, 0.5963487903506856, 0.6340760925036268,
        0.6709970454128792, 0.7068896021858025, 0.7415379008430893, 0.7747335625475641,
        0.8062769448339902, 0.8359783423070898, 0.8636591275949635, 0.8891528257132597,
        0.9123061154166558, 0.9329797516061298, 0.9510494034844371, 0.9664064041393383,
        0.9789584096068958, 0.9886299749918871, 0.9953631193497285, 0.9991188548552796,
    ]
)  # fmt: skip
_WEIGHTS = np.array(
    [
        0.0022606385492665955, 0.005249142265576406, 0.008210529190953945, 0.01112292459708348,
        0.0139685034900117, 0.016730097641273922, 0.019391083987236008, 0.021935454092836634,
        0.024347903817536116, 0.02661392349196841, 0.028719884549695776, 0.03065312124646447,
        0.03240200672830052, 0.03395602290761695, 0.03530582369564339, 0.03644329119790203,
        0.03736158452898413, 0.03805518095031312, 0.038519909082123986, 0.0387529739892124,
        0.0387529739892124, 0.038519909082123986, 0.03805518095031312, 0.03736158452898413,
        0.03644329119790203, 0.03530582369564339, 0.03395602290761695, 0.03240200672830052,
        0.03065312124646447, 0.028719884549695776, 0.02661392349196841, 0.024347903817536116,
        0.021935454092836634, 0.019391083987236008, 0.016730097641273922, 0.0139685034900117,
        0.01112292459708348, 0.008210529190953945, 0.005249142265576406, 0.0022606385492665955,
    ]
)  # fmt: skip


def integrate_decay(
    exponent: Callable[..., Any],
    rate: Callable[..., Any],
    bound: Any,
    parameters: tuple[Any, ...],
    steps: int = 2,
) -> Any:
    """Integrate ``exp(-E(u))`` where ``E = exponent(u, *parameters)`` is 0 at 0; `rate` is dE/du.

    The end is where E is 38, by some steps of Newton's method from a `bound` beyond it. It is no
    function of the parameters as far as derivatives go: the integral beyond it vanishes.
    """
    end = bound
    for _ in range(steps):
        end = end - (exponent(end, *parameters) - LARGEST_EXPONENT) / rate(end, *parameters)
    end = stop_gradient(end)
    inner = [expand_dims(as_array(each), -1) for each in parameters]
    values = exp(-exponent(expand_dims(as_array(end), -1) * _NODES, *inner))
    return end * reductions.sum(values * _WEIGHTS, -1)

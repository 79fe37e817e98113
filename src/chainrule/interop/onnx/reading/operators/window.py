"""Windows of (batch, channels, space): the padding and sizes that all sliding operators share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.interop.onnx.reading.operation import Operation
from chainrule.ops.primitives.windows import unfold

__all__ = ["Window", "window_of"]


@dataclass(frozen=True)
class Window:
    """Sizes along the axes of space, and the padding before and after them."""

    sizes: list[int]
    strides: list[int]
    dilations: list[int]
    pads: list[tuple[int, int]]

    def padded(self, x: Any, fill: float, pads: Sequence[tuple[int, int]] | None = None) -> Any:
        """Return an array with `fill` around its space."""
        widths = [(0, 0), (0, 0), *(self.pads if pads is None else pads)]
        if not any(map(any, widths)):
            return x
        return np.pad(x, widths, constant_values=np.asarray(fill, x.dtype))

    def unfolded(self, x: Any) -> Any:
        """Return the windows: (batch, channels, *positions, *sizes)."""
        count = len(self.sizes)
        return unfold(
            x, axes=tuple(range(2, 2 + count)), sizes=tuple(self.sizes),
            strides=tuple(self.strides), dilations=tuple(self.dilations),
        )  # fmt: skip


def window_of(operation: Operation, lengths: Sequence[int], sizes: Sequence[int]) -> Window:
    """Return the window of an operator with these attributes for an input of these lengths."""
    count = len(sizes)
    strides = operation.get("strides") or [1] * count
    dilations = operation.get("dilations") or [1] * count
    kind = operation.get("auto_pad", b"NOTSET")
    kind = kind.decode() if isinstance(kind, bytes) else kind
    if kind in ("SAME_UPPER", "SAME_LOWER"):
        pads = []
        for n, size, stride, dilation in zip(lengths, sizes, strides, dilations, strict=True):
            extent = (size - 1) * dilation + 1
            total = max((-(-n // stride) - 1) * stride + extent - n, 0)
            half = total // 2
            pads.append((half, total - half) if kind == "SAME_UPPER" else (total - half, half))
    else:
        given = operation.get("pads") or [0] * (2 * count)
        given = [0] * (2 * count) if kind == "VALID" else given
        pads = list(zip(given[:count], given[count:], strict=True))
    return Window(list(sizes), list(strides), list(dilations), pads)

"""Instrumentation of a program: the cycles of each nest, counted by the program itself.

The first thread reads the processor's cycle counter at the end of each part and adds the difference
to the part's slot in the argument block. A read takes about 8 ns; only programs that are profiled
have it.
"""

from __future__ import annotations

from collections.abc import Callable

from chainrule.compiler.backends.llvm import emit, ir

__all__ = ["CycleCounter"]


class CycleCounter:
    """Emits reads of the cycle counter, the first where it is created.

    `slot` gives the address of a part's total, `last` is a stack slot for the latest reading and
    `thread` the number of the thread, None in a program for one thread.
    """

    def __init__(
        self,
        builder: ir.IRBuilder,
        slot: Callable[[int], ir.Value],
        last: ir.Value,
        triple: str,
        thread: ir.Value | None,
    ) -> None:
        self.builder = builder
        self.slot = slot
        self.last = last
        self.thread = thread
        # On x86 and Arm LLVM's cycle counter is a constant-rate clock that user code may read, and
        # its steady counter is always 0; elsewhere the steady counter is the clock.
        has_clock = triple.startswith(("x86_64", "aarch64", "arm64"))
        counter = "cycle" if has_clock else "steady"
        self.intrinsic = f"llvm.read{counter}counter"
        self.builder.store(self._read(), last)

    def record(self, part: int) -> None:
        """Add the cycles since the latest reading to a part's total."""
        if self.thread is None:
            self._add(part)
            return
        is_first = self.builder.icmp_unsigned("==", self.thread, emit.index(0))
        with self.builder.if_then(is_first):
            self._add(part)

    def _add(self, part: int) -> None:
        builder, slot, now = self.builder, self.slot(part), self._read()
        elapsed = builder.sub(now, builder.load(self.last, typ=emit.INDEX))
        total = builder.add(builder.load(slot, typ=emit.INDEX), elapsed)
        builder.store(total, slot)
        builder.store(now, self.last)

    def _read(self) -> ir.Value:
        return emit.call(self.builder, self.intrinsic, [], emit.INDEX)

"""How long each part of a program takes, noted by the program itself.

The first thread looks at the processor's clock where one part ends and the next begins, and adds up
the differences in the program's block. A look costs about 8 ns; programs are written with a
stopwatch only in order to be measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.compiler.backends.llvm import emit

__all__ = ["CycleCounter"]

Value = Any


class CycleCounter:
    """Writes looks at the clock.

    Parameters
    ----------
    builder : ir.IRBuilder
        Where to write; the watch starts there.
    slot : callable
        From the number of a part to the address where its time is added up.
    last : Value
        A place on the stack for the time of the latest look.
    triple : str
        The processor's, which decides on the clock.
    thread : Value or None
        The number of the thread; None where there is one only.
    """

    def __init__(
        self,
        builder: Any,
        slot: Callable[[int], Value],
        last: Value,
        triple: str,
        thread: Value | None,
    ) -> None:
        self.builder = builder
        self.slot = slot
        self.last = last
        self.thread = thread
        # What LLVM calls a counter of cycles is, on x86 and Arm, a clock of even pace that programs
        # may read; its steady counter is always 0 there, yet a clock elsewhere.
        has_clock = triple.startswith(("x86_64", "aarch64", "arm64"))
        kind = "cycle" if has_clock else "steady"
        self.clock = f"llvm.read{kind}counter"
        self.builder.store(self._now(), last)

    def note(self, part: int) -> None:
        """Add the time since the latest look to that of a part."""
        if self.thread is None:
            self._add(part)
            return
        is_first = self.builder.icmp_unsigned("==", self.thread, emit.index(0))
        with self.builder.if_then(is_first):
            self._add(part)

    def _add(self, part: int) -> None:
        builder, place, now = self.builder, self.slot(part), self._now()
        passed = builder.sub(now, builder.load(self.last, typ=emit.INDEX))
        total = builder.add(builder.load(place, typ=emit.INDEX), passed)
        builder.store(total, place)
        builder.store(now, self.last)

    def _now(self) -> Value:
        return emit.call(self.builder, self.clock, [], emit.INDEX)

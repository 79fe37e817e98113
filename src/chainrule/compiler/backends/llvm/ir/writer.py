"""The insertion point of a builder, and the control flow between basic blocks."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager

from chainrule.compiler.backends.llvm.ir.llvm_types import Type
from chainrule.compiler.backends.llvm.ir.module import Block, Function, Module, Phi
from chainrule.compiler.backends.llvm.ir.value import Value

__all__ = ["Writer"]

_LIKELY, _UNLIKELY = 99, 1
_END = -1


class Writer:
    """Inserts text at one point of a function; `IRBuilder` adds the instructions."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self._position = _END
        self._is_at_start = False

    @property
    def function(self) -> Function:
        """The function that is written."""
        return self.block.function

    @property
    def module(self) -> Module:
        """The module that is written."""
        return self.block.function.module

    # Insertion point.

    def append_basic_block(self, name: str = "") -> Block:
        """Add a block to the function; the insertion point stays."""
        return self.block.function.append_basic_block(name)

    def position_at_end(self, block: Block) -> None:
        """Insert at the end of a block from now on."""
        self.block, self._position, self._is_at_start = block, _END, False

    def position_at_start(self, block: Block) -> None:
        """Insert at the start of a block from now on, where no value of it is available yet."""
        self.block, self._position, self._is_at_start = block, 0, True

    @contextmanager
    def goto_entry_block(self) -> Generator[None]:
        """Insert before the terminator of the function's entry block."""
        before, entry = self.block, self.block.function.entry_basic_block
        self.block, self._position = entry, len(entry.lines) - 1 if entry.is_terminated else _END
        yield
        self.position_at_end(before)

    @contextmanager
    def if_then(self, condition: Value, likely: bool | None = None) -> Generator[Block]:
        """Write the body of an ``if``; gives the block that follows it."""
        then = self.append_basic_block("then")
        after = self.append_basic_block("after")
        self.cbranch(condition, then, after, likely)
        self.position_at_end(then)
        yield after
        if not self.block.is_terminated:
            self.branch(after)
        self.position_at_end(after)

    @contextmanager
    def if_else(
        self, condition: Value
    ) -> Generator[tuple[AbstractContextManager[None], AbstractContextManager[None]]]:
        """Write both bodies of an ``if``, each in a context of its own."""
        then, otherwise = self.append_basic_block("then"), self.append_basic_block("else")
        after = self.append_basic_block("after")
        self.cbranch(condition, then, otherwise)
        yield self._body(then, after), self._body(otherwise, after)
        self.position_at_end(after)

    @contextmanager
    def _body(self, block: Block, after: Block) -> Generator[None]:
        self.position_at_end(block)
        yield
        if not self.block.is_terminated:
            self.branch(after)

    def comment(self, text: str) -> None:
        """Insert a comment."""
        self._insert(f"  ; {text}")

    # Terminators.

    def branch(self, target: Block) -> None:
        """Branch."""
        self._terminate(f"  br label %{target.name}")

    def cbranch(self, condition: Value, yes: Block, no: Block, likely: bool | None = None) -> None:
        """Branch on an ``i1``, with weights if one target is known to be likely."""
        weights = ""
        if likely is not None:
            weights = self.module.branch_weights(
                *((_LIKELY, _UNLIKELY) if likely else (_UNLIKELY, _LIKELY))
            )
        self._terminate(f"  br i1 {condition.name}, label %{yes.name}, label %{no.name}{weights}")

    def ret_void(self) -> None:
        """Return without a value."""
        self._terminate("  ret void")

    def ret(self, value: Value) -> None:
        """Return a value."""
        self._terminate(f"  ret {value}")

    # Insertion.

    def computed(self, text: str, type: Type) -> Value:
        """Insert a pure instruction, unless the block has it (local value numbering)."""
        if self._is_at_start:
            return self._new(text, type)
        available = self.block.available
        if (value := available.get(text)) is None:
            value = available[text] = self._new(text, type)
        return value

    def _new(self, text: str, type: Type, name: str = "") -> Value:
        value = Value(type, self.block.function.new_name(name))
        self._insert(f"  {value.name} = {text}")
        return value

    def _insert(self, line: str | Phi) -> None:
        if self._position == _END:
            self.block.lines.append(line)
        else:
            self.block.lines.insert(self._position, line)
            self._position += 1

    def _terminate(self, line: str) -> None:
        assert not self.block.is_terminated
        self.block.lines.append(line)
        self.block.is_terminated = True

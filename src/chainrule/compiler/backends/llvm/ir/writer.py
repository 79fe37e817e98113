"""Where instructions are written: places in blocks, and the branches between these."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from chainrule.compiler.backends.llvm.ir.llvm_types import Type
from chainrule.compiler.backends.llvm.ir.module import Block, Function, Module, Phi
from chainrule.compiler.backends.llvm.ir.value import Value

__all__ = ["Writer"]

_OFTEN, _RARELY = 99, 1
_END = -1


class Writer:
    """Writes at one place of a function; `IRBuilder` has the instructions.

    Parameters
    ----------
    block : Block
        Where to begin: at its end.

    Attributes
    ----------
    block : Block
        Where it stands.
    """

    def __init__(self, block: Block) -> None:
        self.block = block
        self._place = _END
        self._is_early = False

    @property
    def function(self) -> Function:
        """The function that is written."""
        return self.block.function

    @property
    def module(self) -> Module:
        """The module that is written."""
        return self.block.function.module

    # Where to write.

    def append_basic_block(self, name: str = "") -> Block:
        """Add a block to the function; writing goes on where it was."""
        return self.block.function.append_basic_block(name)

    def position_at_end(self, block: Block) -> None:
        """Go on at the end of a block."""
        self.block, self._place, self._is_early = block, _END, False

    def position_at_start(self, block: Block) -> None:
        """Go on at the start of a block, before all that it has computed."""
        self.block, self._place, self._is_early = block, 0, True

    @contextmanager
    def goto_entry_block(self) -> Generator[None]:
        """Write at the end of the function's first block, before it is left."""
        before, entry = self.block, self.block.function.entry_basic_block
        self.block, self._place = entry, len(entry.lines) - 1 if entry.is_terminated else _END
        yield
        self.position_at_end(before)

    @contextmanager
    def if_then(self, condition: Value, likely: bool | None = None) -> Generator[Block]:
        """Write what is done where a bit is set."""
        inside = self.append_basic_block("then")
        after = self.append_basic_block("after")
        self.cbranch(condition, inside, after, likely)
        self.position_at_end(inside)
        yield after
        if not self.block.is_terminated:
            self.branch(after)
        self.position_at_end(after)

    @contextmanager
    def if_else(self, condition: Value) -> Generator[tuple[Any, Any]]:
        """Write what is done where a bit is set, and what where it is not."""
        inside, otherwise = self.append_basic_block("then"), self.append_basic_block("else")
        after = self.append_basic_block("after")
        self.cbranch(condition, inside, otherwise)
        yield self._branch_of(inside, after), self._branch_of(otherwise, after)
        self.position_at_end(after)

    @contextmanager
    def _branch_of(self, block: Block, after: Block) -> Generator[None]:
        self.position_at_end(block)
        yield
        if not self.block.is_terminated:
            self.branch(after)

    def comment(self, text: str) -> None:
        """Write something for people."""
        self._insert(f"  ; {text}")

    # Leaving a block.

    def branch(self, target: Block) -> None:
        """Go on in another block."""
        self._leave(f"  br label %{target.name}")

    def cbranch(self, condition: Value, yes: Block, no: Block, likely: bool | None = None) -> None:
        """Go on in one of two blocks."""
        mark = ""
        if likely is not None:
            weights = (_OFTEN, _RARELY) if likely else (_RARELY, _OFTEN)
            mark = self.module.weighing(*weights)
        self._leave(f"  br i1 {condition.name}, label %{yes.name}, label %{no.name}{mark}")

    def ret_void(self) -> None:
        """Return."""
        self._leave("  ret void")

    def ret(self, value: Value) -> None:
        """Return a value."""
        self._leave(f"  ret {value}")

    # Writing.

    def computed(self, text: str, kind: Type) -> Value:
        """Write an instruction that depends on its operands alone, unless the block has it."""
        if self._is_early:
            return self._new(text, kind)
        known = self.block.known
        if (found := known.get(text)) is None:
            found = known[text] = self._new(text, kind)
        return found

    def _new(self, text: str, kind: Type, name: str = "") -> Value:
        value = Value(kind, self.block.function.new_name(name))
        self._insert(f"  {value.name} = {text}")
        return value

    def _insert(self, line: str | Phi) -> None:
        if self._place == _END:
            self.block.lines.append(line)
        else:
            self.block.lines.insert(self._place, line)
            self._place += 1

    def _leave(self, line: str) -> None:
        assert not self.block.is_terminated
        self.block.lines.append(line)
        self.block.is_terminated = True

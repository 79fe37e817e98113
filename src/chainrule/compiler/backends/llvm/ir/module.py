"""Modules, functions, basic blocks and global variables."""

from __future__ import annotations

import re
from collections import Counter

from chainrule.compiler.backends.llvm.ir.llvm_types import FunctionType, PointerType, Type
from chainrule.compiler.backends.llvm.ir.value import Constant, Value

__all__ = ["Argument", "Block", "Function", "GlobalVariable", "Module", "Phi"]

_NOT_IN_IDENTIFIERS = re.compile(r"[^-a-zA-Z$._0-9]")


class Module:
    """A translation unit."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.triple = ""
        self.functions: dict[str, Function] = {}
        self.variables: dict[str, GlobalVariable] = {}
        # How often each elementary function has been expanded inline so far.
        self.inline_expansions = Counter[str]()
        self._branch_weights: list[tuple[int, int]] = []

    def branch_weights(self, taken: int, other: int) -> str:
        """Return the metadata reference for a branch's weights."""
        pair = taken, other
        if pair not in self._branch_weights:
            self._branch_weights.append(pair)
        return f", !prof !{self._branch_weights.index(pair)}"

    def __str__(self) -> str:
        metadata = [
            f'!{number} = !{{!"branch_weights", i32 {taken}, i32 {other}}}'
            for number, (taken, other) in enumerate(self._branch_weights)
        ]
        parts = [f'; {_identifier(self.name)}\ntarget triple = "{self.triple}"\n']
        parts += [each.text() for each in self.variables.values()]
        parts += [each.text() for each in self.functions.values()]
        return "\n".join(parts + metadata) + "\n"


class Argument(Value):
    """A function's formal argument."""

    __slots__ = ("attributes",)

    def __init__(self, type: Type, name: str) -> None:
        super().__init__(type, name)
        self.attributes = ""

    def add_attribute(self, name: str) -> None:
        """Add an attribute such as ``noalias``."""
        self.attributes += f" {name}"


class Function(Value):
    """A function; without blocks a declaration only, else `blocks[0]` is its entry.

    `linkage` is empty (external) or ``internal``, `attributes` are such as ``noinline``.
    """

    __slots__ = ("_count", "args", "attributes", "blocks", "function_type", "linkage", "module")

    def __init__(self, module: Module, function_type: FunctionType, name: str) -> None:
        super().__init__(PointerType(function_type), f"@{name}")
        assert name not in module.functions
        self.module = module
        self.function_type = function_type
        self.linkage = ""
        self.attributes: set[str] = set()
        self.blocks: list[Block] = []
        self._count = 0
        self.args = [Argument(type, self.new_name()) for type in function_type.args]
        module.functions[name] = self

    @property
    def entry_basic_block(self) -> Block:
        """The block at which execution begins."""
        return self.blocks[0]

    def new_name(self, name: str = "") -> str:
        """Return a name that is unique in this function."""
        self._count += 1
        return f"%{_identifier(name)}.{self._count}"

    def append_basic_block(self, name: str = "") -> Block:
        """Add a basic block at the end."""
        self.blocks.append(Block(self, self.new_name(name)[1:]))
        return self.blocks[-1]

    def text(self) -> str:
        """Return the definition or declaration."""
        type = self.function_type
        if not self.blocks:
            types = ", ".join([each.text for each in type.args])
            return f"declare {type.return_type.text} {self.name}({types})\n"
        arguments = ", ".join([f"{a.type.text}{a.attributes} {a.name}" for a in self.args])
        head = f"define {self.linkage} {type.return_type.text} {self.name}({arguments})"
        attributes = "".join([f" {each}" for each in sorted(self.attributes)])
        lines = [f"{head}{attributes} {{"]
        for block in self.blocks:
            lines.append(f"{block.name}:")
            lines += [each if isinstance(each, str) else each.text() for each in block.lines]
        return "\n".join([*lines, "}\n"])


class Block:
    """A basic block: instructions, the last of which is its terminator."""

    __slots__ = ("available", "function", "is_terminated", "lines", "name")

    def __init__(self, function: Function, name: str) -> None:
        self.function = function
        self.name = name
        self.lines: list[str | Phi] = []
        # Values computed in the block, by the text that computes them.
        self.available: dict[str, Value] = {}
        self.is_terminated = False


class Phi(Value):
    """A phi node: its value depends on the predecessor that control came from."""

    __slots__ = ("incoming",)

    def __init__(self, type: Type, name: str) -> None:
        super().__init__(type, name)
        self.incoming: list[tuple[Value, Block]] = []

    def add_incoming(self, value: Value, block: Block) -> None:
        """Add the value for a predecessor."""
        self.incoming.append((value, block))

    def text(self) -> str:
        """Return the instruction."""
        pairs = ", ".join([f"[{value.name}, %{block.name}]" for value, block in self.incoming])
        return f"{self.name} = phi {self.type.text} {pairs}"


class GlobalVariable(Value):
    """The address of a module's static memory, which holds a `value_type`."""

    __slots__ = ("global_constant", "initializer", "linkage", "value_type")

    def __init__(self, module: Module, value_type: Type, name: str) -> None:
        super().__init__(PointerType(), f"@{name}")
        assert name not in module.variables
        self.value_type = value_type
        self.linkage = ""
        self.global_constant = False
        self.initializer = Constant(value_type, None)
        module.variables[name] = self

    def text(self) -> str:
        """Return the definition."""
        keyword = "constant" if self.global_constant else "global"
        return f"{self.name} = {self.linkage} {keyword} {self.initializer}"


def _identifier(name: str) -> str:
    return _NOT_IN_IDENTIFIERS.sub("_", name) if name else name

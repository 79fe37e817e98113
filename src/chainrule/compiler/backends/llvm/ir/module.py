"""Modules, their functions, and blocks of instructions."""

from __future__ import annotations

import re
from typing import Any

from chainrule.compiler.backends.llvm.ir.llvm_types import FunctionType, PointerType, Type
from chainrule.compiler.backends.llvm.ir.value import Constant, Value

__all__ = ["Argument", "Block", "Function", "GlobalVariable", "Module", "Phi"]

_STRANGE = re.compile(r"[^-a-zA-Z$._0-9]")


class Module:
    """What is compiled together.

    Parameters
    ----------
    name : str
        For people.

    Attributes
    ----------
    triple : str
        The machine it is for.
    globals : dict
        Functions and variables, by name.
    functions : list of Function
        In the order they are written in.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.triple = ""
        self.globals: dict[str, Any] = {}
        self.functions: list[Function] = []
        self.weights: list[tuple[int, int]] = []

    def weighing(self, taken: int, other: int) -> str:
        """Return the mark of a branch that is taken so often."""
        pair = taken, other
        if pair not in self.weights:
            self.weights.append(pair)
        return f", !prof !{self.weights.index(pair)}"

    def __str__(self) -> str:
        variables = [each for each in self.globals.values() if isinstance(each, GlobalVariable)]
        notes = [
            f'!{number} = !{{!"branch_weights", i32 {taken}, i32 {other}}}'
            for number, (taken, other) in enumerate(self.weights)
        ]
        parts = [f'; {_plain(self.name)}\ntarget triple = "{self.triple}"\n']
        parts += [each.written() for each in (*variables, *self.functions)] + notes
        return "\n".join(parts) + "\n"


class Argument(Value):
    """What a function is given."""

    __slots__ = ("attributes",)

    def __init__(self, type: Type, name: str) -> None:
        super().__init__(type, name)
        self.attributes = ""

    def add_attribute(self, name: str) -> None:
        """Promise something of it, such as ``noalias``."""
        self.attributes += f" {name}"


class Function(Value):
    """A function; one without blocks is declared only.

    Parameters
    ----------
    module : Module
        Where it stands.
    function_type : FunctionType
        What it takes and returns.
    name : str
        Its name.

    Attributes
    ----------
    args : list of Argument
        What it is given.
    linkage : str
        Empty, or ``internal``.
    attributes : set of str
        Promises, such as ``noinline``.
    blocks : list of Block
        The first is where it begins.
    """

    __slots__ = ("_count", "args", "attributes", "blocks", "function_type", "linkage", "module")

    def __init__(self, module: Module, function_type: FunctionType, name: str) -> None:
        super().__init__(PointerType(function_type), f"@{name}")
        assert name not in module.globals
        self.module = module
        self.function_type = function_type
        self.linkage = ""
        self.attributes: set[str] = set()
        self.blocks: list[Block] = []
        self._count = 0
        self.args = [Argument(kind, self.new_name()) for kind in function_type.args]
        module.globals[name] = self
        module.functions.append(self)

    @property
    def entry_basic_block(self) -> Block:
        """Where it begins."""
        return self.blocks[0]

    def new_name(self, name: str = "") -> str:
        """Return a name that nothing else in it has."""
        self._count += 1
        return f"%{_plain(name)}.{self._count}"

    def append_basic_block(self, name: str = "") -> Block:
        """Add a block of instructions at the end."""
        self.blocks.append(Block(self, self.new_name(name)[1:]))
        return self.blocks[-1]

    def written(self) -> str:
        """Return its text."""
        kind = self.function_type
        if not self.blocks:
            kinds = ", ".join([each.text for each in kind.args])
            return f"declare {kind.return_type.text} {self.name}({kinds})\n"
        given = ", ".join([f"{a.type.text}{a.attributes} {a.name}" for a in self.args])
        head = f"define {self.linkage} {kind.return_type.text} {self.name}({given})"
        marks = "".join([f" {each}" for each in sorted(self.attributes)])
        lines = [f"{head}{marks} {{"]
        for block in self.blocks:
            lines.append(f"{block.name}:")
            lines += [each if isinstance(each, str) else each.written() for each in block.lines]
        return "\n".join([*lines, "}\n"])


class Block:
    """Instructions one after the other, a branch or return at the end.

    Parameters
    ----------
    function : Function
        Where it stands.
    name : str
        As branches name it.

    Attributes
    ----------
    lines : list of str or Phi
        The instructions.
    known : dict
        What has been computed in it, by its text without its name.
    """

    __slots__ = ("function", "is_terminated", "known", "lines", "name")

    def __init__(self, function: Function, name: str) -> None:
        self.function = function
        self.name = name
        self.lines: list[str | Phi] = []
        self.known: dict[str, Value] = {}
        self.is_terminated = False


class Phi(Value):
    """A value that depends on where the program came from."""

    __slots__ = ("incoming",)

    def __init__(self, type: Type, name: str) -> None:
        super().__init__(type, name)
        self.incoming: list[tuple[Value, Block]] = []

    def add_incoming(self, value: Value, block: Block) -> None:
        """Say what it is if the program came from a block."""
        self.incoming.append((value, block))

    def written(self) -> str:
        """Return the instruction."""
        pairs = ", ".join([f"[{value.name}, %{block.name}]" for value, block in self.incoming])
        return f"{self.name} = phi {self.type.text} {pairs}"


class GlobalVariable(Value):
    """Memory that belongs to a module.

    Parameters
    ----------
    module : Module
        Where it stands.
    kind : Type
        What lies there.
    name : str
        Its name.
    """

    __slots__ = ("global_constant", "initializer", "kind", "linkage")

    def __init__(self, module: Module, kind: Type, name: str) -> None:
        super().__init__(PointerType(), f"@{name}")
        self.kind = kind
        self.linkage = ""
        self.global_constant = False
        self.initializer = Constant(kind, None)
        module.globals[name] = self

    def written(self) -> str:
        """Return its text."""
        word = "constant" if self.global_constant else "global"
        return f"{self.name} = {self.linkage} {word} {self.initializer}"


def _plain(name: str) -> str:
    return _STRANGE.sub("_", name) if name else name

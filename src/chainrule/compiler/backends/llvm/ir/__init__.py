"""LLVM's language, as far as our generators write it: types, values, and a builder of functions.

The names are those of ``llvmlite.ir``, which it stands for: that one keeps instructions as objects
that can be changed, moved and printed later, and takes three times as long.

::

    module = Module()
    function = Function(module, FunctionType(INDEX, [INDEX]), "twice")
    builder = IRBuilder(function.append_basic_block("entry"))
    builder.ret(builder.add(function.args[0], function.args[0]))
    str(module)

References
----------
*LLVM Language Reference Manual*, https://llvm.org/docs/LangRef.html
"""

from chainrule.compiler.backends.llvm.ir.builder import IRBuilder
from chainrule.compiler.backends.llvm.ir.llvm_types import (
    ArrayType,
    DoubleType,
    FloatType,
    FunctionType,
    IntType,
    LiteralStructType,
    PointerType,
    Type,
    VectorType,
    VoidType,
)
from chainrule.compiler.backends.llvm.ir.module import Block, Function, GlobalVariable, Module, Phi
from chainrule.compiler.backends.llvm.ir.value import Constant, Undefined, Value

__all__ = [
    "ArrayType",
    "Block",
    "Constant",
    "DoubleType",
    "FloatType",
    "Function",
    "FunctionType",
    "GlobalVariable",
    "IRBuilder",
    "IntType",
    "LiteralStructType",
    "Module",
    "Phi",
    "PointerType",
    "Type",
    "Undefined",
    "Value",
    "VectorType",
    "VoidType",
]

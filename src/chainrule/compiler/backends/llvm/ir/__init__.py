"""A writer of LLVM IR, used instead of ``llvmlite.ir`` for speed alone.

The names are those of ``llvmlite.ir``, which stores instructions as objects that can be changed and
moved before they are printed. Writing each instruction as text at once takes a third of the time:
37 instead of 108 ms for two modules (record 0023).

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
    HalfType,
    IntType,
    LiteralStructType,
    PointerType,
    Type,
    VectorType,
    VoidType,
    scalar_of,
    with_scalar,
)
from chainrule.compiler.backends.llvm.ir.module import Block, Function, GlobalVariable, Module, Phi
from chainrule.compiler.backends.llvm.ir.value import Constant, Splat, Undefined, Value, vector_of

__all__ = [
    "ArrayType",
    "Block",
    "Constant",
    "DoubleType",
    "FloatType",
    "Function",
    "FunctionType",
    "GlobalVariable",
    "HalfType",
    "IRBuilder",
    "IntType",
    "LiteralStructType",
    "Module",
    "Phi",
    "PointerType",
    "Splat",
    "Type",
    "Undefined",
    "Value",
    "VectorType",
    "VoidType",
    "scalar_of",
    "vector_of",
    "with_scalar",
]

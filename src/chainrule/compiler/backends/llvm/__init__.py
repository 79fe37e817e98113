"""From loops to machine code by LLVM. Start with ``codegen``."""

"""Object code of several modules at once.

llvmlite lets one thread at a time into LLVM. That is because modules usually share a context, which
is not safe to be used by two threads. Modules with a context and a machine of their own are apart
(LLVM itself compiles them in parallel when it optimises whole programs), so the longest step of
all, from optimised instructions to object code, does without that lock.

References
----------
*LLVM Programmer's Manual*, "Threads and LLVM": each thread may use LLVM on a context of its own.
"""

from __future__ import annotations

import ctypes
from typing import Any

from llvmlite.binding import ffi

__all__ = ["emit_object"]


def emit_object(machine: Any, module: Any) -> bytes:
    """Translate a module to object code.

    Parameters
    ----------
    machine : llvmlite.binding.TargetMachine
        The processor; no other thread uses it now.
    module : llvmlite.binding.ModuleRef
        Optimised, in a context of its own.

    Returns
    -------
    bytes
        What ``machine.emit_object(module)`` gives.

    Raises
    ------
    RuntimeError
        If LLVM cannot translate it.
    """
    # The function behind the lock; where another version of llvmlite hides it elsewhere, one
    # module waits for the other.
    unlocked = getattr(getattr(ffi.lib, "LLVMPY_TargetMachineEmitToMemory", None), "_cfn", None)
    if unlocked is None:
        return machine.emit_object(module)
    with ffi.OutputString() as error:
        memory = unlocked(machine, module, 1, error)
        if not memory:
            raise RuntimeError(str(error))
    try:
        size = ffi.lib.LLVMPY_GetBufferSize(memory)
        return ctypes.string_at(ffi.lib.LLVMPY_GetBufferStart(memory), size)
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(memory)

"""Vector units of this processor, for which tests compile native code."""

import llvmlite.binding as llvm

from chainrule.compiler.backends.llvm.target import units_of

llvm.initialize_native_target()
_FEATURES = [name for name, is_present in llvm.get_host_cpu_features().items() if is_present]

UNITS = [unit.name for unit in units_of(llvm.get_process_triple(), _FEATURES)]
"""Names of the units, widest first."""

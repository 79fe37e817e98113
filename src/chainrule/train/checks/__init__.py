"""Checks of data and settings before the first update: certain mistakes raise, likely ones warn.

Each message has the argument, the number of wrong values, the index of the first, and the remedy.
Nothing is written to; large arrays and memory maps are read block by block.
"""

from chainrule.train.checks.arrays import as_array
from chainrule.train.checks.finite import Extent, check_finite, is_clearly_finite
from chainrule.train.checks.likely_mistakes import warn_likely_mistakes
from chainrule.train.checks.nonfinite_report import explain_nonfinite
from chainrule.train.checks.samples import (
    ValidatedData,
    check_samples,
    check_settings,
    refuse_exchanged,
)
from chainrule.train.checks.targets import check_targets

__all__ = [
    "Extent",
    "ValidatedData",
    "as_array",
    "check_finite",
    "check_samples",
    "check_settings",
    "check_targets",
    "explain_nonfinite",
    "is_clearly_finite",
    "refuse_exchanged",
    "warn_likely_mistakes",
]

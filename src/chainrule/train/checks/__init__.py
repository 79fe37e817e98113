"""The mistakes that training would go through in silence, noticed before the first update.

Certain mistakes raise; likely ones warn. Each message has the argument, how many values are wrong,
the first of them with its index, and the mend. Nothing is written to; large arrays and memory maps
are read in pieces.
"""

from chainrule.train.checks.arrays import as_array
from chainrule.train.checks.finite import Extent, check_finite, is_tame
from chainrule.train.checks.likely_mistakes import warn_likely
from chainrule.train.checks.nonfinite_report import explain_nan
from chainrule.train.checks.samples import ValidatedData, check_samples, check_settings
from chainrule.train.checks.targets import check_targets

__all__ = [
    "Extent",
    "ValidatedData",
    "as_array",
    "check_finite",
    "check_samples",
    "check_settings",
    "check_targets",
    "explain_nan",
    "is_tame",
    "warn_likely",
]

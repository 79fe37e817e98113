"""Optuna: trials that do worse than others end early."""

from chainrule.interop.optuna.pruning import PruningCallback

__all__ = ["PruningCallback"]

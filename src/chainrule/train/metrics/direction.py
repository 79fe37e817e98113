"""Whether higher values of a quantity are better, by its name."""

from __future__ import annotations

__all__ = ["KNOWN", "direction"]

_MAXIMIZED = {"accuracy", "auc", "f1", "precision", "pseudo_likelihood", "r2", "recall"}
_MINIMIZED = {"loss", "mae", "mse"}
KNOWN = sorted(_MAXIMIZED | _MINIMIZED)


def direction(name: str) -> bool | None:
    """Return whether higher values of a loss or metric are better, None if that is not known.

    Examples
    --------
    >>> direction("val_accuracy"), direction("loss"), direction("my_metric")
    (True, False, None)
    """
    name = name.removeprefix("val_")
    if name in _MAXIMIZED or name.startswith("top_"):
        return True
    return False if name in _MINIMIZED else None

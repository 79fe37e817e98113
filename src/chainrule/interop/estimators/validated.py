"""Inputs and targets as scikit-learn checks them; its functions have no types."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import validate_data

__all__ = ["validated"]


def validated(estimator: Any, *arrays: Any, sparse: Any = ("csr", "csc"), **arguments: Any) -> Any:
    """Return X, or X and y, checked; sets or compares number and names of the features."""
    accepted = list(sparse) if isinstance(sparse, tuple) else sparse
    return validate_data(estimator, *arrays, accept_sparse=accepted, **arguments)

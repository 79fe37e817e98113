"""The checksum of a file of a model: SHA-256 of its description and tensors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["METADATA_KEY", "bytes_of", "checksum"]

METADATA_KEY = "chainrule"
"""The entry of a safetensors header that has the description."""

Array = NDArray[Any]
Tensors = Mapping[str, NDArray[Any]]


def checksum(description: Mapping[str, Any], tensors: Tensors) -> str:
    """Return the SHA-256 of a description, without its own checksum, and of tensors."""
    hashed = {key: value for key, value in description.items() if key != "checksum"}
    digest = hashlib.sha256(json.dumps(hashed, sort_keys=True).encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(bytes_of(array).data)
    return digest.hexdigest()


def bytes_of(array: Array) -> Array:
    """Return the bytes of an array in C order, without a copy where it has that."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)

"""Serialisation of a network: safetensors, with a JSON description in a closed vocabulary.

The tensors are the parameters by full name. The metadata has one entry, ``chainrule``, in JSON::

    {"format": 4,                      which grammar this is
     "versions": {"chainrule": "0.1.0", "numpy": "2.4.0"},  that have written the file
     "seed": 0, "dtype": "float32",    of the network
     "input_shape": [784],             without the batch axis
     "layers": [{"kind": "dense", "name": "dense", "config": {"units": 100, ...}}, ...],
     "frozen": {"layers": [NAME, ...], "parameters": [NAME, ...]},  if some are: see nn.freezing
     "mask_value": 0.0,                of padding in the input, if layers name one
     "attributes": {NAME: {...}, ...}, if layers have a state: see `train.files.layer_attributes`
     "programs": {NAME: {...}, ...},   of layers of the user's own: see `train.files.programs`
     "classes": ["cat", "dog"] | null, the names of the classes by index
     "table": {"target": NAME | null,  the fitted preprocessing of columns, if there is a table
               "columns": [{"kind": "number", "name": "age", "fill": 38.9, "mean": 38.9,
                            "scale": 10.5, "has_gaps": false},
                           {"kind": "category", "name": "town", "values": ["Bonn", "Ulm"],
                            "encoding": "one_hot", "unseen": "zeros"}, ...]},
     "loss": NAME | {"name": NAME, "arguments": {...}} | {"function": NAME} | null,
     "optimizer": {"kind": "Adam", "learning_rate": 0.001, ...} | null,
     "metrics": [NAME | {"function": NAME}, ...],
     "training": {...},                counters, optimiser slots, history: `training_progress`
     "run": {...},                     in checkpoints, see `files.run_folder`
     "functions": {NAME: [...], ...},  programs of losses and metrics of the user's own
     "checksum": "..."}                SHA-256 of all of the above and of the tensors

A file, a checkpoint and `Network.state` have one content, made by `files.network_state`; a file has
no times. Files of format 1 have neither "training" nor "versions", those of format 2 no "versions",
those of format 3 no "training" of machines; all are read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from chainrule.train.files.checksum import METADATA_KEY, checksum
from chainrule.train.files.network_state import state_of
from chainrule.train.files.paths import checked_target
from chainrule.train.files.safetensors_writer import PLACE, write_safetensors
from chainrule.train.history import History
from chainrule.train.model.model import Model

__all__ = ["save", "write"]

Tensors = Mapping[str, NDArray[Any]]


def save(model: Model, history: History | None, path: str | os.PathLike[str]) -> None:
    """Write a network, and what its training has come to, into a file, atomically."""
    target = checked_target(path)
    state = state_of(model, history, "save")
    write(target, state.description, state.tensors)


def write(target: Path, description: dict[str, Any], tensors: Tensors) -> None:
    """Write a description and tensors, with their checksum, into a file, atomically."""
    content = {key: each for key, each in description.items() if key != "checksum"}
    text = json.dumps(content | {"checksum": PLACE}, ensure_ascii=False, allow_nan=False)
    write_safetensors(target, tensors, text, METADATA_KEY, lambda: checksum(content, tensors))

"""What calls of ``fit`` must have in common, for one to go on from a checkpoint of another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.data.sparse_rows import SparseRows
from chainrule.errors import ArgumentError
from chainrule.optim.config import describe_briefly
from chainrule.train.files.description import described
from chainrule.train.files.run_folder import SavedRun
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.model import Model

__all__ = ["RunSettings", "check_settings", "digest_of", "settings_of"]


@dataclass(frozen=True)
class RunSettings:
    """Data and settings of a call of ``fit`` as plain values by name, and its training samples."""

    values: dict[str, Any]
    samples: Samples | None = None


def settings_of(
    model: Model,
    samples: Samples,
    validation: Samples | None,
    batch_size: int,
    shuffle: bool,
    others: Mapping[str, Any],
) -> RunSettings:
    """Return data and settings of a call of ``fit``, by name."""
    description, _ = described(model, "fit")
    values = {
        "the number of samples": len(samples),
        "batch_size": batch_size,
        "shuffle": shuffle,
        **others,
        **{name: description[name] for name in ("seed", "dtype", "layers", "loss", "metrics")},
        "optimizer": describe_briefly(model.objective("fit").optimizer),
        "training data": digest_of(samples),
        "validation data": None if validation is None else digest_of(validation),
    }
    return RunSettings(values, samples)


def digest_of(samples: Samples) -> str:
    """Return the SHA-256 of samples, with their shapes and dtypes."""
    digest = hashlib.sha256()
    for each in samples.arrays():
        digest.update(repr((each.shape, str(each.dtype))).encode())
        for part in each.parts() if isinstance(each, SparseRows) else [each]:
            content: Any = np.ascontiguousarray(part)
            digest.update(memoryview(content).cast("B"))
    return digest.hexdigest()


def check_settings(saved: SavedRun, settings: RunSettings) -> None:
    """Refuse to go on with other data or settings than those of the run."""
    before: dict[str, Any] = saved.run["settings"]
    # What callbacks have changed since, which a network in this process has.
    changed = {"layers": saved.description["layers"], "optimizer": saved.run["optimizer"]}
    for name, value in settings.values.items():
        if value not in (before.get(name), changed.get(name, before.get(name))):
            raise ArgumentError(
                f"fit: the checkpoint {saved.path} is of another run: "
                f"{_difference(name, before.get(name), value)}; to go on, call fit as that run "
                "did; to begin anew, give another folder, or remove this one"
            )


def _difference(name: str, before: Any, now: Any) -> str:
    if name.endswith("data"):
        there, here = ("none" if each is None else "some" for each in (before, now))
        return f"the {name} are others" if there == here else f"{name}: {there} there, {here} here"
    if name == "layers":
        return _difference_of_layers(before, now)
    return f"{name} is {before!r} there and {now!r} here"


def _difference_of_layers(before: list[Any], now: list[Any]) -> str:
    for one, other in zip(before, now, strict=False):
        if one != other:
            texts = [
                f"{each['name']!r} ({each['kind']}, {each['config']})" for each in (one, other)
            ]
            return f"a layer is {texts[0]} there and {texts[1]} here"
    return f"there are {len(before)} layers there and {len(now)} here"

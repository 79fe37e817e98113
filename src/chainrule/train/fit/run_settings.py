"""What calls of ``fit`` must have in common, for one to go on from a checkpoint of another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.data.stored_rows import ROWS_READ_IN_PARTS
from chainrule.errors import ArgumentError, warn
from chainrule.optim.config import describe_briefly
from chainrule.train.files.description import described, versions
from chainrule.train.files.run_folder import SavedRun
from chainrule.train.fit.run_code import CALLBACK, changed_code, code_of
from chainrule.train.inference.validation_stream import ValidationStream
from chainrule.train.inputs.batch_stream import BatchStream
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.model import Model

__all__ = ["CODE", "RunSettings", "check_settings", "digest_of", "settings_of"]


CODE = "code"
"""Among the settings: digests of the user's own code, see `fit.run_code`."""


@dataclass(frozen=True)
class RunSettings:
    """Data and settings of a call of ``fit`` as plain values by name, and its training samples."""

    values: dict[str, Any]
    samples: Samples | BatchStream | None = None


def settings_of(
    model: Model,
    samples: Samples | BatchStream,
    validation: Samples | ValidationStream | None,
    batch_size: int,
    shuffle: bool,
    others: Mapping[str, Any],
) -> RunSettings:
    """Return data and settings of a call of ``fit``, by name."""
    description, tensors = described(model, "fit")
    values = {
        "the number of samples": len(samples) if isinstance(samples, Samples) else None,
        "batch_size": batch_size,
        "steps_per_epoch": samples.steps if isinstance(samples, BatchStream) else None,
        "shuffle": shuffle,
        **others,
        **{name: description[name] for name in ("seed", "dtype", "layers", "loss", "metrics")},
        "optimizer": describe_briefly(model.objective("fit").optimizer),
        "training data": digest_of(samples),
        "validation data": None if validation is None else digest_of(validation),
    }
    return RunSettings(values | {CODE: code_of(description, tensors, model)}, samples)


def digest_of(samples: Samples | BatchStream | ValidationStream) -> str:
    """Return the SHA-256 of samples, with their shapes and dtypes; of a stream what it is."""
    if not isinstance(samples, Samples):
        return samples.source.title
    digest = hashlib.sha256()
    for each in samples.arrays():
        digest.update(repr((each.shape, str(each.dtype))).encode())
        for part in each.parts() if isinstance(each, ROWS_READ_IN_PARTS) else [each]:
            content: Any = np.ascontiguousarray(part)
            digest.update(memoryview(content).cast("B"))
    return digest.hexdigest()


def check_settings(saved: SavedRun, settings: RunSettings) -> None:
    """Refuse to go on with other data, settings or code than those of the run."""
    before: dict[str, Any] = saved.run["settings"]
    is_same_version = _warn_of_version(saved)
    # What callbacks have changed since, which a network in this process has.
    since = {"layers": saved.description["layers"], "optimizer": saved.run["optimizer"]}
    code = settings.values.get(CODE, {}) if is_same_version else {}
    for title in (changed := changed_code(before.get(CODE), saved.run.get("code"), code)):
        if not title.startswith(CALLBACK):
            raise _refusal(saved, f"{title} computes something else there")
    for name, value in settings.values.items():
        if name != CODE and value not in (before.get(name), since.get(name, before.get(name))):
            raise _refusal(saved, _difference(name, before.get(name), value))
    if changed:
        warn(
            f"fit: the code of {', '.join(changed)} is not that of the checkpoint {saved.path}: "
            "the training goes on with what is here, and may differ from an unbroken one"
        )


def _refusal(saved: SavedRun, difference: str) -> ArgumentError:
    return ArgumentError(
        f"fit: the checkpoint {saved.path} is of another run: {difference}; to go on, call fit as "
        "that run did; to begin anew, give another folder, or remove this one"
    )


def _warn_of_version(saved: SavedRun) -> bool:
    """Return whether a checkpoint is of the versions here; a warning names others."""
    here, there = versions(), saved.description.get("versions", {})
    changed = [name for name, each in there.items() if name in here and each != here[name]]
    if changed:
        texts = [f"{name} {there[name]:.20} there and {here[name]} here" for name in changed]
        warn(
            f"fit: the checkpoint {saved.path} was written by other versions, "
            f"{', '.join(texts)}: the training goes on, but may differ in the last bits from an "
            "unbroken one, and changes of own layers and losses are not noticed"
        )
    return not changed


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

"""Safetensors: networks of this library, their checkpoints, and tensors of other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from chainrule.errors import FormatError
from chainrule.train.files.checksum import METADATA_KEY
from chainrule.train.files.read import MAX_HEADER, read_file
from chainrule.train.model.step_counter import StepCounter

__all__ = ["described_model", "is_safetensors", "safetensors_content"]

Content = dict[str, Any]
LARGEST_CHECKED = 2**30
"""Bytes up to which the checksum is compared: all of a file is read for that."""
MOST_TENSORS = 16_000
MOST_METADATA = 20


def is_safetensors(start: bytes, path: Path) -> bool:
    """Whether a file begins with the length of a header, and a header in JSON."""
    return start[8:9] == b"{" and 0 < int.from_bytes(start[:8], "little") < path.stat().st_size


def safetensors_content(path: Path) -> Content:
    """Return the network that a file describes, or else its tensors and metadata."""
    header = _header(path)
    metadata = header.pop("__metadata__", {})
    if type(metadata) is not dict:
        raise FormatError(f"inspect: {path.name:.80} has metadata that are no object")
    tensors = _tensors(header)
    if METADATA_KEY not in metadata:
        texts = cast(dict[str, Any], metadata)
        known = {
            f"metadata {str(n)[:40]}": str(v)[:200] for n, v in list(texts.items())[:MOST_METADATA]
        }
        return {
            "kind": "safetensors of another program",
            **known,
            **_sizes(tensors),
            "tensors": tensors,
        }
    if path.stat().st_size > LARGEST_CHECKED:
        return {
            "kind": "a model of chainrule",
            "checksum": f"not compared: more than {LARGEST_CHECKED:,} bytes",
            **_sizes(tensors),
            "tensors": tensors,
        }
    description, _ = read_file(path)  # raises for a damaged file
    return described_model(description) | {"checksum": "right"} | _parameters(description, tensors)


def described_model(description: Content) -> Content:
    """Return what a description says of a network and of its training."""
    if description.get("model") == "rbm" or "layers" not in description:
        return _described_machine(description)
    is_checkpoint = "run" in description
    kind = "a checkpoint of a run" if is_checkpoint else "a network"
    content: Content = {
        "kind": kind,
        "input shape": description.get("input_shape"),
        "dtype": description.get("dtype"),
        "seed": description.get("seed"),
        "loss": _named(description.get("loss")),
        "optimizer": _named(description.get("optimizer")),
        "metrics": ", ".join(map(_named, description.get("metrics") or [])),
    }
    if description.get("classes"):
        content["classes"] = description["classes"]
    content |= _counted(description.get("training"))
    content["layers"] = [_layer(each) for each in description["layers"]]
    table = description.get("table")
    if table:
        content["predicts"] = table.get("target")
        content["columns"] = [_column(each) for each in table.get("columns", [])]
    return content


def _described_machine(description: Content) -> Content:
    """Return what a description says of a machine; up to format 3 it has counters by name."""
    scalars = {n: v for n, v in description.items() if isinstance(v, str | int | float)}
    scalars.pop("checksum", None)
    content: Content = {"kind": "a Boltzmann machine", **scalars}
    if "input_shape" in description:
        content["input shape"] = description["input_shape"]
    if "optimizer" in description:
        content["optimizer"] = _named(description["optimizer"])
    config = description.get("config")
    if isinstance(config, dict):
        content["settings"] = _layer({"config": config})["settings"]
    return content | _counted(description.get("training"))


def _counted(training: Any) -> Content:
    """Return the epochs and steps of a training."""
    counts = training.get("counter") if isinstance(training, dict) else None
    is_counter = isinstance(counts, list) and len(cast(Any, counts)) == 4
    if not is_counter or not all(type(each) is int and each >= 0 for each in cast(Any, counts)):
        return {}
    counter = StepCounter.of_list(cast(list[int], counts))
    return {"epochs": counter.epoch if counter.steps_per_epoch else 0, "steps": counter.steps}


def _named(entry: Any) -> str:
    if isinstance(entry, dict):
        given = cast(dict[str, Any], entry)
        name = given.get("name") or given.get("kind") or given.get("function") or "of your own"
        rate = given.get("learning_rate")
        return f"{name}, learning rate {rate}" if isinstance(rate, float) else str(name)
    return "none" if entry is None else str(entry)


def _layer(entry: Any) -> Content:
    config = entry.get("config", {})
    plain = {n: v for n, v in config.items() if isinstance(v, str | int | float | bool) and v}
    settings = ", ".join(f"{name}={value}" for name, value in plain.items() if name != "name")
    return {"name": entry.get("name"), "kind": entry.get("kind"), "settings": settings}


def _column(entry: Any) -> Content:
    kind = entry.get("kind")
    values = entry.get("values")
    if isinstance(values, list):
        said = ", ".join(str(each) or "missing" for each in cast(list[Any], values)[:8])
    else:
        said = ", ".join(f"{n} {entry[n]:.4g}" for n in ("mean", "scale") if n in entry)
    return {"name": entry.get("name"), "kind": kind, "of the training part": said}


def _parameters(description: Content, tensors: list[Content]) -> Content:
    """Return the tensors of layers; those of training and attributes are counted together."""
    names = tuple(f"{each.get('name')}." for each in description.get("layers", []))
    # Those of a machine have no layer, and the others have a colon.
    ours = [
        each
        for each in tensors
        if (each["name"].startswith(names) if names else ":" not in each["name"])
    ]
    others = len(tensors) - len(ours)
    content = {"numbers in parameters": sum(each["numbers"] for each in ours)}
    if others:
        content["tensors of training"] = others
    return {**content, "parameters": ours}


def _header(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        declared = int.from_bytes(file.read(8), "little")
        if declared > min(MAX_HEADER, path.stat().st_size - 8):
            raise FormatError(
                f"inspect: {path.name:.80} declares a header of {declared:,} bytes, more than "
                "there are, or than any file has"
            )
        header: Any = json.loads(file.read(declared))
    if type(header) is not dict or len(header) > MOST_TENSORS + 1:
        raise FormatError(f"inspect: {path.name:.80} has no header that lists its tensors")
    return header


def _tensors(header: dict[str, Any]) -> list[Content]:
    tensors: list[Content] = []
    for name, entry in header.items():
        shape = entry.get("shape") if type(entry) is dict else None
        if not isinstance(shape, list) or not all(type(each) is int for each in shape):
            raise FormatError(f"inspect: the header describes {name[:40]!a} by no shape")
        count = 1
        for size in cast(list[int], shape):
            count *= size
        tensors.append({"name": name[:200], "dtype": str(entry.get("dtype"))[:20],
                        "shape": shape[:20], "numbers": count})  # fmt: skip
    return tensors


def _sizes(tensors: list[Content]) -> Content:
    return {"number of tensors": len(tensors), "numbers": sum(each["numbers"] for each in tensors)}

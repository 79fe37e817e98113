"""Folders: of a run with checkpoints, or with what ``chainrule train --out`` wrote."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from chainrule.cli.inspection.safetensors_file import described_model, safetensors_content
from chainrule.cli.model_file import MODEL
from chainrule.errors import FormatError
from chainrule.train.files.attribute_values import decoded
from chainrule.train.files.read import read_file
from chainrule.train.files.run_folder import BEST, RunFolder

__all__ = ["folder_content"]

Content = dict[str, Any]
COMMAND = "command.json"
MOST_FILES = 1000


def folder_content(path: Path) -> Content:
    """Return what is in a folder; of a run, what its latest checkpoint has come to."""
    steps = RunFolder(path).steps()
    if steps or (path / COMMAND).is_file():
        return _run(path, steps)
    files = sorted(itertools.islice(path.iterdir(), MOST_FILES))
    listed = [
        {"name": each.name, "bytes": each.stat().st_size if each.is_file() else "a folder"}
        for each in files
        if each.exists()
    ]
    if (path / MODEL).is_file():
        model = safetensors_content(path / MODEL)
        return {**model, "kind": f"a folder with {model['kind']} in {MODEL}", "files": listed}
    return {"kind": "a folder", "entries": len(listed), "files": listed}


def _run(path: Path, steps: list[int]) -> Content:
    content: Content = {"kind": "the folder of a run", "number of checkpoints": len(steps)}
    arguments = _arguments(path / COMMAND)
    if arguments is not None:
        content["command"] = " ".join(["chainrule train", *arguments])
    if (path / BEST).is_file():
        content["best epoch"] = BEST
    if steps:
        content |= _newest(path, steps)
    content["checkpoints"] = [
        {"steps": each, "bytes": (path / f"checkpoint-{each:012d}.safetensors").stat().st_size}
        for each in steps[-MOST_FILES:]
    ]
    return content


def _newest(path: Path, steps: list[int]) -> Content:
    """Return the state of the newest intact checkpoint."""
    for each in reversed(steps):
        checkpoint = path / f"checkpoint-{each:012d}.safetensors"
        try:
            description, tensors = read_file(checkpoint)
        except FormatError as error:
            damaged = {f"damaged {checkpoint.name}": str(error).removeprefix("load: ")}
            continue_with = [one for one in steps if one < each]
            return damaged | (_newest(path, continue_with) if continue_with else {})
        model = described_model(description)
        is_over = description["run"].get("is_stopped") if "run" in description else None
        names = ("epochs", "steps", "loss", "optimizer", "layers")
        content = {name: model[name] for name in names if name in model}
        return content | {"ended by a callback": is_over, "curve": _curve(description, tensors)}
    return {}


def _curve(description: Content, tensors: dict[str, Any]) -> list[Content]:
    """Return the last epochs of the history."""
    entry = description.get("training", {}).get("history")
    unread = {name for name in tensors if name.startswith("training:")}
    columns = decoded(entry, tensors, unread) if entry is not None else {}
    if not columns:
        return []
    count = len(next(iter(columns.values())))
    first = max(count - 10, 0)
    return [
        {"epoch": row + 1, **{name: float(column[row]) for name, column in columns.items()}}
        for row in range(first, count)
    ]


def _arguments(path: Path) -> list[str] | None:
    """Return the arguments of ``chainrule train``, if a file has them."""
    try:
        if path.stat().st_size > 1 << 20:
            return None
        arguments = json.loads(path.read_text(encoding="utf-8"))["arguments"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return [str(each) for each in arguments] if isinstance(arguments, list) else None

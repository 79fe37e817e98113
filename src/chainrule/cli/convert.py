"""``chainrule convert``: a model in another format; nothing of a file is run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from chainrule.cli.json_output import json_option, print_json
from chainrule.cli.model_file import ModelFile, load_network
from chainrule.errors import FormatError
from chainrule.train.files.table_schema import table_of
from chainrule.train.network import Network, model_of

__all__ = ["convert"]


def _from_onnx(path: Path) -> Network:
    """Read an ONNX file, with what this library has written beside its operators."""
    from chainrule.interop.onnx import from_onnx

    net = from_onnx(path)
    model = model_of(net)
    if model.classes and model.compile_arguments is None:
        # Its outputs are logits of classes, or their probabilities.
        outputs = (model.output_shape or (1,))[-1]
        loss = "binary_cross_entropy" if outputs == 1 else "cross_entropy"
        net.compile(loss=loss, optimizer="adam", metrics=["accuracy"])
    if model.table is None and (entry := _table_entry(path)) is not None:
        table = table_of(entry)
        if model.input_shape != (None, len(table.feature_names)):
            raise FormatError(f"convert: the columns of {path.name:.80} are not those of its input")
        model.table = table
    return net


def _table_entry(path: Path) -> dict[str, Any] | None:
    """Return the preparation of columns that `Network.to_onnx` writes as metadata."""
    import onnx

    entries = onnx.load(str(path), load_external_data=False).metadata_props
    text = next((each.value for each in entries if each.key == "chainrule.table"), None)
    if text is None:
        return None
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        entry = None
    if type(entry) is not dict:
        raise FormatError(f"convert: {path.name:.80} describes its columns by no object")
    return entry


READERS: dict[str, Callable[[Path], Network]] = {".onnx": _from_onnx}
"""By suffix; every other file is read as a model of this library."""

WRITERS: dict[str, tuple[str, Callable[[Network, Path], Any]]] = {
    ".safetensors": ("a model of chainrule", lambda net, path: net.save(path)),
    ".onnx": ("an ONNX model", lambda net, path: net.to_onnx(path)),
    ".py": (
        "a program that predicts with NumPy alone, its weights beside it",
        lambda net, path: net.to_numpy(path),
    ),
}


@click.command()
@click.argument("source", type=ModelFile(takes_onnx=True), metavar="MODEL")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@json_option
def convert(source: Path, target: Path, is_json: bool) -> None:
    """Write a model in another format, that of the suffix of FILE.

    \b
      .safetensors  a model of chainrule, which trains on
      .onnx         for other runtimes, such as onnxruntime; needs the extra onnx
      .py           a readable program that predicts with NumPy alone

    MODEL is a model file or an ONNX file, or a folder of chainrule train --out. What is written is
    compared with the network before: it gives the same outputs.

    \b
      chainrule convert flowers/ flowers.onnx
      chainrule convert flowers.onnx again.safetensors
      chainrule convert flowers/ flowers.py
    """  # noqa: D301 (\b keeps click from rewrapping the lines)
    target = target.expanduser()
    kind, write = _writer(target)
    if target.exists() and os.path.samefile(source, target):
        raise click.UsageError(f"{str(target)!r} is MODEL itself; give another name")
    net = READERS.get(source.suffix.lower(), load_network)(source)
    write(net, target)
    if is_json:
        size = target.stat().st_size
        print_json({"read": source, "wrote": target, "kind": kind, "bytes": size})
    else:
        click.echo(f"wrote {target}: {kind}")


def _writer(target: Path) -> tuple[str, Callable[[Network, Path], Any]]:
    writer = WRITERS.get(target.suffix.lower())
    if writer is None:
        known = ", ".join(f"{suffix} ({kind})" for suffix, (kind, _) in WRITERS.items())
        raise click.UsageError(f"{target.name!r}: FILE ends in one of {known}")
    return writer

"""The command: it finds the kind of a file by its first bytes, and prints what is in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import click

from chainrule.cli.inspection import arrays, folder, onnx_file, safetensors_file, table
from chainrule.cli.json_output import json_option, print_json
from chainrule.console import left_aligned, right_aligned, shortened, width_of
from chainrule.data.file_argument import checked_path
from chainrule.errors import ChainruleError, FormatError

__all__ = ["inspect"]

Content = dict[str, Any]
MOST_ROWS = 40
"""Rows of a list that are printed; JSON has all that have been read."""
LONGEST_CELL = 60
FOREIGN = {
    b"\x89HDF\r\n\x1a\n": "HDF5, as of Keras's .h5: read it by h5py",
    b"\x80\x02": "a pickle, which can run any code when it is read: it is not opened",
    b"\x80\x03": "a pickle, which can run any code when it is read: it is not opened",
    b"\x80\x04": "a pickle, which can run any code when it is read: it is not opened",
    b"\x80\x05": "a pickle, which can run any code when it is read: it is not opened",
    b"GGUF": "GGUF, weights of a language model",
}
"""Files by their first bytes of which no more is said than what they are."""


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path), metavar="FILE")
@json_option
def inspect(file: Path, is_json: bool) -> None:
    """Show what is in a file or folder. Nothing of it is run, and what is read is bounded.

    FILE is a model or checkpoint, safetensors of other programs, the folder of a run, an ONNX
    model, arrays (.npy, .npz, IDX), or a table. Its kind is found by its content.

    \b
      chainrule inspect flowers/model.safetensors
      chainrule inspect run/ --json
    """  # noqa: D301 (\b keeps click from rewrapping the lines)
    path = file.expanduser()
    content = {"path": str(path), **_read(path)}
    if is_json:
        print_json(content)
    else:
        _print(content)


def _read(path: Path) -> Content:
    """Return what is in a file or folder; raise FormatError where it is not what it begins as."""
    try:
        return folder.folder_content(path) if path.is_dir() else _content(path)
    except (ValueError, EOFError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, ChainruleError):
            raise
        text = ascii(shortened(" ".join(str(error).split()), 100))[1:-1]
        raise FormatError(f"inspect: {path.name:.80} is damaged: {text}") from None


def _content(path: Path) -> Content:
    checked_path("inspect", path)
    with path.open("rb") as file:
        start = file.read(16)
    size = {"bytes": path.stat().st_size}
    foreign = next((text for sign, text in FOREIGN.items() if start.startswith(sign)), None)
    if foreign is not None:
        return {"kind": foreign, **size}
    read = next((read for is_kind, read in _READERS if is_kind(start, path)), table.table_content)
    return {**read(path), **size}


_READERS: tuple[tuple[Callable[[bytes, Path], bool], Callable[[Path], Content]], ...] = (
    (safetensors_file.is_safetensors, safetensors_file.safetensors_content),
    (arrays.is_npy, arrays.npy_content),
    (arrays.is_archive, arrays.archive_content),
    (arrays.is_idx, arrays.idx_content),
    (onnx_file.is_onnx, onnx_file.onnx_content),
)


def _print(content: Content) -> None:
    """Print values, then lists of objects as tables."""
    rows = [[name, _text(value)] for name, value in content.items() if not _is_list(value)]
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        click.echo(f"{name:<{width}}  {text}")
    for name, value in content.items():
        if _is_list(value) and value:
            click.echo(f"\n{name}\n")
            _print_table(value)


def _print_table(entries: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for each in entries for name in each))
    shown = entries[:MOST_ROWS]
    columns: list[list[str]] = []
    for name in names:
        cells = [name, *(_text(each.get(name, "")) for each in shown)]
        are_numbers = all(isinstance(each.get(name, 0), int | float) for each in shown)
        width = max(map(width_of, cells))
        pad = right_aligned if are_numbers else left_aligned
        columns.append([pad(cell, width) for cell in cells])
    for row in zip(*columns, strict=True):
        click.echo(f"  {'  '.join(row)}".rstrip())
    if len(entries) > MOST_ROWS:
        click.echo(f"  ... and {len(entries) - MOST_ROWS:,} more")


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(x, dict) for x in cast(list[Any], value))


def _text(value: Any) -> str:
    """Return a value in one line, escaped where it is not printable."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, int) and not isinstance(value, bool):
        text = f"{value:,}"
    elif isinstance(value, float):
        text = f"{value:.6g}"
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    printable = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text[:200])
    return shortened(printable, 2 * LONGEST_CELL)

"""Reading of a model file: description and tensors, with bounds on all that is declared.

A file is data of an unknown author. What it declares is compared with the bytes that are there, and
counted, before anything is made of it; see ``docs/files.md`` for the bounds.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, cast

from numpy.typing import NDArray

from chainrule.errors import FormatError, type_in_words
from chainrule.storage import reading
from chainrule.train.files.checksum import METADATA_KEY, checksum
from chainrule.train.files.description import FORMAT, MAX_LAYERS, versions
from chainrule.train.files.paths import check_content
from chainrule.train.files.schema import MAX_DEPTH, MAX_NAME, find_bad_name, levels

__all__ = ["quoted", "read_file", "shortened"]

Tensors = dict[str, NDArray[Any]]

MAX_HEADER = 32 * 2**20
"""Bytes of the header, which has the description."""

MAX_TENSORS = 16 * MAX_LAYERS

_WITHOUT_NAMES = ("classes", "table", "attributes", "programs", "functions", "training", "run")
"""Entries of a description that have texts of any kind."""


def read_file(source: Path) -> tuple[dict[str, Any], Tensors]:
    """Return the description and the tensors of a file, verified by its checksum."""
    from safetensors import safe_open

    check_content(source)
    _check_header(source)
    try:
        with safe_open(source, framework="numpy") as file:
            text = (file.metadata() or {}).get(METADATA_KEY)
            if text is None:
                raise FormatError(
                    f"load: {source.name:.80} holds tensors but no network of chainrule; read it "
                    "with safetensors.numpy.load_file"
                )
            names = list(file.keys())
            description = _parse(text)
            tensors = {name: file.get_tensor(name) for name in names}
    except (FormatError, OSError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 (safetensors raises several kinds)
        raise FormatError(
            f"load: {source.name:.80} is no intact safetensors file: {shortened(str(error))}", 0
        ) from None
    if description.get("checksum") != checksum(description, tensors):
        raise FormatError(
            f"load: the checksum of {source.name:.80} does not match its content: it is damaged "
            "or was changed; use another copy"
        )
    return description, tensors


def _check_header(source: Path) -> None:
    """Compare the declared length of the header with the file, and count its entries."""
    with reading(source) as file:
        declared = int.from_bytes(file.read(8), "little")
        present = source.stat().st_size - 8
        if declared > present:
            raise FormatError(
                f"load: {source.name:.80} declares a header of {declared} bytes and has {present}; "
                "it is cut short or no safetensors file",
                0,
            )
        if declared > MAX_HEADER:
            raise FormatError(f"load: a header of {declared} bytes is longer than any of ours", 0)
        count = file.read(declared).count(b'"data_offsets"')
    if count > MAX_TENSORS:
        raise FormatError(f"load: there are {count} tensors, more than any network of ours has", 8)


def _parse(text: str) -> dict[str, Any]:
    if text.count('"config"') > 2 * MAX_LAYERS:
        raise FormatError(f"load: the file describes more than {MAX_LAYERS} layers")
    try:
        description: Any = json.loads(
            text, parse_constant=_refused_constant, parse_float=_finite, parse_int=_bounded,
            object_pairs_hook=_unique,
        )  # fmt: skip
    except (ValueError, RecursionError) as error:
        problem = str(error) if isinstance(error, FormatError) else shortened(str(error))
        raise FormatError(f"load: the description is no JSON of ours: {problem}") from None
    if not isinstance(description, dict):
        raise FormatError("load: the description is no JSON object")
    entries = cast(dict[str, Any], description)
    _check_format(entries)
    for name, entry in entries.items():
        _check_size(entry, has_names=name not in _WITHOUT_NAMES)
    return entries


def _check_format(entries: dict[str, Any]) -> None:
    """Refuse a later format, naming both versions, and entries that a format does not have."""
    number, written = entries.get("format"), entries.get("versions")
    if type(number) is not int or not 1 <= number <= FORMAT:
        later = cast(dict[str, Any], written if isinstance(written, dict) else {})
        by = f" by chainrule {quoted(later['chainrule'])}" if "chainrule" in later else ""
        raise FormatError(
            f"load: the file is written in format {quoted(number)}{by}; this is chainrule "
            f"{versions()['chainrule']}, which reads formats 1 to {FORMAT}: update chainrule"
        )
    is_machine = "model" in entries  # whose training had entries of its own up to format 3
    has_training, has_versions = number >= (4 if is_machine else 2), number >= 3
    if ("training" in entries, "versions" in entries) != (has_training, has_versions):
        raise FormatError(f"load: a file of format {number} has other entries than this one")
    names: Any = written if has_versions else {}
    if not isinstance(names, dict) or not all(_is_version(each) for each in names.values()):
        raise FormatError("load: 'versions' must be texts by name")


def _is_version(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_NAME and value.isprintable()


def _refused_constant(name: str) -> Any:
    raise FormatError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise FormatError("a number is too large")
    return number


def _bounded(text: str) -> int:
    number = int(text) if len(text) <= 20 else 2**64
    if not -(2**63) <= number < 2**64:
        raise FormatError("an integer is too large")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        raise FormatError("an object has two entries of one name")
    return entries


def _check_size(entry: Any, has_names: bool) -> None:
    """Refuse what is nested too deep, has too many layers, or names that are no names."""
    layers = 0
    for depth, level in enumerate(levels(entry)):
        layers += sum(isinstance(each, dict) and "config" in each for each in level)
        if layers > MAX_LAYERS:
            raise FormatError(f"load: the file describes more than {MAX_LAYERS} layers")
        if depth > MAX_DEPTH:
            raise FormatError(f"load: the description is nested more than {MAX_DEPTH} deep")
        if has_names and (name := find_bad_name(level)) is not None:
            raise FormatError(
                f"load: the description has the name {quoted(name)}; names have at most {MAX_NAME} "
                "printable characters"
            )


def quoted(value: Any) -> str:
    """Return what a message repeats of a value of a file: 40 characters, escaped."""
    if isinstance(value, str):
        return ascii(value[:40])[:60]
    is_plain = value is None or isinstance(value, bool | int | float)
    return repr(value)[:60] if is_plain else type_in_words(value)


def shortened(message: str) -> str:
    """Return the first 100 characters of a message that may repeat the content of a file."""
    text = message.encode("ascii", "backslashreplace").decode()
    printable = "".join(each if each.isprintable() else "?" for each in text[:100])
    return printable + ("..." if len(text) > 100 else "")

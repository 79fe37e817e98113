"""The files of TensorBoard's projector: vectors, their labels, and the list of both.

References
----------
TensorBoard, ``plugins/projector/projector_config.proto``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from chainrule.errors import DataError
from chainrule.storage import create_folder, write_atomically

__all__ = ["Table", "write_embeddings"]

Table = tuple[NDArray[Any], Sequence[str] | None]


def write_embeddings(folder: Path, embeddings: Mapping[str, Table]) -> None:
    """Write tables of vectors, (n, d), and the labels of their rows.

    Raises
    ------
    DataError
        If a table is no matrix, or has another number of labels than rows.
    """
    for name, (vectors, labels) in embeddings.items():
        if vectors.ndim != 2 or not vectors.size:
            raise DataError(f"embedding: {name!r} has shape {vectors.shape}, and must be (n, d)")
        if labels is not None and len(labels) != len(vectors):
            raise DataError(
                f"embedding: {name!r} has {len(vectors)} rows and {len(labels)} labels; give one "
                "for each row"
            )
    create_folder(folder)
    entries: list[str] = []
    for name, (vectors, labels) in embeddings.items():
        file = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
        lines = "".join("\t".join(f"{x:.7g}" for x in row) + "\n" for row in vectors.tolist())
        write_atomically(folder / f"{file}.tsv", lines.encode())
        entry = _field("tensor_name", name) + _field("tensor_path", f"{file}.tsv")
        if labels is not None:
            text = "".join(" ".join(str(each).split()) + "\n" for each in labels)
            write_atomically(folder / f"{file}_labels.tsv", text.encode())
            entry += _field("metadata_path", f"{file}_labels.tsv")
        entries.append("embeddings {\n" + entry + "}\n")
    write_atomically(folder / "projector_config.pbtxt", "".join(entries).encode())


def _field(name: str, value: str) -> str:
    """Return a field of a message in Protocol Buffers' text format."""
    return f"  {name}: {json.dumps(value, ensure_ascii=False)}\n"

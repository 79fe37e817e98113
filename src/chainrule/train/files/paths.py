"""Paths of model files: what ``save`` writes to and ``load`` reads from, checked before either."""

from __future__ import annotations

import errno
import fnmatch
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chainrule.errors import ArgumentError, FormatError, counted, type_in_words
from chainrule.storage import check_suffix, expanded, names_in, reading

__all__ = ["check_content", "checked_format", "checked_path", "checked_source", "checked_target"]

_SUFFIXES = {
    ".h5": "Keras", ".hdf5": "Keras", ".keras": "Keras", ".pt": "PyTorch", ".pth": "PyTorch",
    ".pkl": "pickle", ".pickle": "pickle", ".joblib": "joblib", ".onnx": "ONNX", ".npz": "NumPy",
    ".npy": "NumPy", ".pb": "TensorFlow", ".tflite": "TensorFlow", ".json": "JSON", ".csv": "CSV",
}  # fmt: skip
"""Suffixes of the files of other programs."""

_SIGNATURES = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file, such as Keras's .h5",
    b"PK\x03\x04": "a ZIP archive, such as Keras's .keras, PyTorch's .pt or NumPy's .npz",
    b"\x93NUMPY": "an array of NumPy (.npy)",
    b"\x1f\x8b": "compressed by gzip",
    b"\x80\x02": "a pickle, such as older files of PyTorch", b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle", b"\x80\x05": "a pickle", b"GGUF": "a GGUF file",
}  # fmt: skip


_ARRAYS = (
    "Read its arrays with the program that wrote it, and assign them: "
    "net.params['dense.weight'] = array"
)
_KERAS = (
    "Read its weights with Keras, and assign them: net.params.update(cr.from_keras(weights, net))"
)
_TORCH = (
    "Read its weights with PyTorch, and assign them: "
    "net.params.update(cr.from_torch(state_dict, net))"
)
_READERS = {
    ".h5": _KERAS,
    ".hdf5": _KERAS,
    ".keras": _KERAS,
    ".pt": _TORCH,
    ".pth": _TORCH,
    ".onnx": "Read a model of ONNX by cr.from_onnx(path)",
    ".csv": "Read a table by data.read_csv(path)",
    ".npy": "Read arrays by np.load(path), and assign them: net.params['dense.weight'] = array",
    ".wav": "Read a recording by data.read_wav(path)",
}
"""What reads the files of other programs, by their suffixes."""


def checked_path(function: str, path: Any, example: str = "net.safetensors") -> Path:
    """Return the path of a file given as text or path, or raise an ArgumentError."""
    if isinstance(path, str | os.PathLike):
        text: Any = os.fspath(path)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] (of an unknown PathLike)
        if isinstance(text, str) and text and "\0" not in text:
            return Path(expanded(text))
        problem = "empty" if text == "" else "a path of bytes, or holds a NUL character"
        raise ArgumentError(f"{function}: path is {problem}; pass a str such as {example!r}")
    hint = "; pass the path of the file, not an open file" if hasattr(path, "read") else ""
    raise ArgumentError(
        f"{function}: path is {type_in_words(path)}; it must be a str or a pathlib.Path, such as "
        f"{example!r}{hint}"
    )


def checked_format(function: str, path: Any, suffixes: Sequence[str]) -> Path:
    """Return the path of a file to write, whose suffix, if any, is one of what is written."""
    target = checked_path(function, path, f"net{suffixes[0]}")
    check_suffix(function, target, suffixes)
    return target


def checked_target(path: Any) -> Path:
    """Return the path to save to; the suffixes of other programs are refused."""
    target = checked_path("save", path)
    program = _SUFFIXES.get(target.suffix.lower())
    if program is not None:
        other = "; a file of ONNX is written by net.to_onnx(path)" if program == "ONNX" else ""
        raise ArgumentError(
            f"save: {target.name!r} has the suffix of files of {program}, and what is written is "
            f"safetensors; name it {target.with_suffix('.safetensors').name!r}{other}"
        )
    return target


def checked_source(path: Any) -> Path:
    """Return the path of a file to load, or raise an OSError that says what it is instead."""
    source = checked_path("load", path)
    mode = source.stat().st_mode if os.path.lexists(source) else None
    if mode is None:
        raise FileNotFoundError(errno.ENOENT, "there is no such file to load", str(source))
    if stat.S_ISDIR(mode):
        checkpoints = fnmatch.filter(names_in(source), "checkpoint-*.safetensors")
        if checkpoints:  # of a run, see `files.run_folder`
            return source / max(checkpoints)
        files = sorted(fnmatch.filter(names_in(source), "*.safetensors"))
        which = f"name the file in it, {files[0]:.80}" if files else "name the file"
        raise IsADirectoryError(errno.EISDIR, f"cannot load a folder; {which}", str(source))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "cannot load what is no regular file", str(source))
    return source


def check_content(source: Path) -> None:
    """Refuse a file that begins as no safetensors file does, and say what it is."""
    with reading(source) as file:
        start = file.read(9)
    if start.endswith(b"{") and len(start) == 9:  # after the length of its header
        return
    kind = next((each for key, each in _SIGNATURES.items() if start.startswith(key)), None)
    program = _SUFFIXES.get(source.suffix.lower())
    if kind is None and program is not None:
        kind = f"no safetensors file but by its suffix one of {program}"
    if kind is not None:
        raise FormatError(
            f"load: {source.name:.80} is {kind}; load reads what net.save wrote. "
            + _READERS.get(source.suffix.lower(), _ARRAYS),
            0,
        )
    if len(start) < 8:
        raise FormatError(
            f"load: {source.name:.80} has {counted(len(start), 'byte')}; it is cut short", 0
        )

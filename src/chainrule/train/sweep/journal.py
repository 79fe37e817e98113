"""The folder of a sweep: what is finished, and a folder of checkpoints for each fit.

::

    finished.jsonl                          a line for each fit and number of epochs
    fits/KEY/checkpoint-*.safetensors       of the latest epoch, see `chainrule.Checkpoint`
    lock                                    while a process sweeps

A key is a digest of what determines a fit: the code of the function that builds the network, the
setting, seed, fold, training arguments and data. So a sweep with more settings, seeds or epochs
goes on with what is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from chainrule.storage import append
from chainrule.train.sweep.training import Fit, Outcome, Problem

__all__ = ["Journal", "digest_of", "key_of"]

_NAME = "finished.jsonl"
_MOST_HASHED = 2**28
"""Bytes of an array up to which its content is part of the key; `fit` compares that of others."""


class Journal:
    """The finished fits of a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._known = dict(_lines(self._path))

    def find(self, fit: Fit, epochs: int) -> Outcome | None:
        """Return what a fit has reached after a number of epochs, if it was finished."""
        row = self._known.get((_key(fit), epochs))
        if row is None:
            return None
        return Outcome(fit, row["epochs"], row["values"], row["seconds"], row["is_diverged"])

    def add(self, outcome: Outcome, epochs: int) -> None:
        """Write down a finished fit."""
        row = {
            "fit": _key(outcome.fit), "asked": epochs, "setting": str(outcome.fit),
            "epochs": outcome.epochs, "values": outcome.values, "seconds": outcome.seconds,
            "is_diverged": outcome.is_diverged,
        }  # fmt: skip
        append(self._path, json.dumps(row).encode() + b"\n")


def _key(fit: Fit) -> str:
    assert fit.folder is not None, "a sweep with a folder"
    return fit.folder.name


def _lines(path: Path) -> Iterable[tuple[tuple[str, int], dict[str, Any]]]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for line in text.splitlines():
        try:
            row = json.loads(line)
            yield (row["fit"], row["asked"]), row
        except (ValueError, TypeError, LookupError):  # the last line of a killed process
            continue


def key_of(problem: Problem, fit: Fit, data: str) -> str:
    """Return the key of a fit, 20 hexadecimal digits; `data` is the digest of its samples."""
    parts = [_text(problem.build), _text(fit.setting), repr(fit.seed), data]
    parts += [_text({n: each for n, each in problem.fit.items() if n != "epochs"})]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


def digest_of(*data: Any) -> str:
    """Return a digest of the samples of a fold."""
    digest = hashlib.sha256()
    for each in data:
        if isinstance(each, tuple | list) and any(isinstance(x, np.ndarray) for x in each):
            digest.update(digest_of(*each).encode())
            continue
        digest.update(f"{type(each).__name__}{getattr(each, 'shape', '')}".encode())
        if isinstance(each, np.ndarray) and each.dtype != object and each.nbytes < _MOST_HASHED:
            digest.update(np.ascontiguousarray(each).tobytes())
        elif isinstance(each, list):
            digest.update(repr(each).encode())
    return digest.hexdigest()


def _text(value: Any) -> str:
    """Return a text that is equal for equal values in another process, too."""
    if isinstance(value, dict):
        return repr({name: _text(each) for name, each in value.items()})
    if isinstance(value, list | tuple):
        return repr([_text(each) for each in value])
    code = getattr(value, "__code__", None)
    if isinstance(code, CodeType):
        return f"{value.__qualname__} {_code(code)}"
    text = repr(value)
    return type(value).__qualname__ if " at 0x" in text else text


def _code(code: CodeType) -> str:
    constants = [_code(x) if isinstance(x, CodeType) else repr(x) for x in code.co_consts]
    return repr((code.co_code.hex(), code.co_names, constants))

"""Layers, losses and metrics of a file that are described by programs: used where code is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from numpy.typing import NDArray

from chainrule.errors import FormatError
from chainrule.nn.layer import Layer
from chainrule.train.files.schema import Description

__all__ = ["StoredCode"]


class StoredCode:
    """The programs of a file, and which of its layers have been made of them.

    Parameters
    ----------
    description : Description
        What the file holds.
    tensors : dict
        All tensors by name.
    """

    def __init__(self, description: Description, tensors: dict[str, NDArray[Any]]) -> None:
        self._layers, self._functions = (
            cast(dict[str, Any], description.get(name, dict)) if description.has(name) else {}
            for name in ("programs", "functions")
        )
        self._tensors = {name: tensors[name] for name in tensors if name.startswith("constant:")}
        self._made: set[str] = set()

    def layer(self, name: str, error: FormatError) -> Layer:
        """Return the layer of a name; raise the error of its class if there is no program."""
        entry = self._layers.get(name)
        if not isinstance(entry, dict):
            raise error
        if "reason" in entry:
            raise FormatError(
                f"{error}; the file holds no program of it, as {entry['reason']!s:.200}"
            )
        from chainrule.train.files.programs import StoredLayer  # most files have none

        self._made.add(name)
        return StoredLayer(cast(dict[str, Any], entry), self._tensors)

    def function(self, key: str, name: str) -> Callable[[Any, Any], Any] | None:
        """Return the loss or metric of a key, called by its name; None without a program."""
        programs = self._functions.get(key)
        if not isinstance(programs, list):
            return None
        from chainrule.train.files.programs import StoredFunction

        return StoredFunction(name, programs, self._tensors)

    def without_theirs(self, attributes: dict[str, Any]) -> dict[str, Any]:
        """Return the attributes of layers that are not made of programs."""
        return {
            path: each for path, each in attributes.items() if path.split(".")[0] not in self._made
        }

    def constants(self, unread: set[str]) -> set[str]:
        """Return the names of tensors that programs have, and attributes of what they replace."""
        prefixes = ("constant:", "attribute:") if self._made else ("constant:",)
        has_some = self._layers or self._functions
        return {name for name in unread if has_some and name.startswith(prefixes)}

"""Layers, losses and metrics of a file that are described by programs: used where code is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from numpy.typing import NDArray

from chainrule.errors import FormatError
from chainrule.nn.layer import Layer
from chainrule.train.files.attribute_values import decoded
from chainrule.train.files.schema import STORED, Description

__all__ = ["StoredCode", "restore_flags"]


def restore_flags(layers: Iterable[Layer], programs: Mapping[str, Any]) -> None:
    """Set which parameters of layers that have programs are trained, as their entries say.

    What is frozen is described by sublayers otherwise, which a program has not.
    """
    for layer in layers:
        entry: Any = programs.get(str(layer.name))
        listed = entry.get("parameters") if isinstance(entry, dict) else None
        flags = {
            each["name"]: each["trainable"]
            for each in (listed if isinstance(listed, list) else [])
            if isinstance(each, dict) and each.keys() >= {"name", "trainable"}
        }
        for name, parameter in layer.parameters().items():
            if type(flag := flags.get(name)) is bool:
                parameter.trainable = flag and not parameter.is_state


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
        self._all_tensors = tensors
        self._attributes = (
            cast(dict[str, Any], description.get("attributes", dict))
            if description.has("attributes")
            else {}
        )
        self._tensors = {name: tensors[name] for name in tensors if name.startswith("constant:")}
        self._made: set[str] = set()

    def layer(self, name: str, kind: str, config: dict[str, Any], error: FormatError) -> Layer:
        """Return the layer of a name; raise the error of its class if there is no program.

        It keeps what its class needs: kind and arguments, and attributes of it and its sublayers.
        """
        entry = self._layers.get(name)
        if not isinstance(entry, dict):
            raise error
        if "reason" in entry:
            raise FormatError(
                f"{error}; the file holds no program of it, as {entry['reason']!s:.200}"
            )
        from chainrule.train.files.programs import StoredLayer  # most files have none

        self._made.add(name)
        layer = StoredLayer(cast(dict[str, Any], entry), self._tensors)
        if kind != STORED:
            unread = set(self._all_tensors)
            attributes = {
                path: {key: decoded(x, self._all_tensors, unread) for key, x in each.items()}
                for path, each in self._attributes.items()
                if path.split(".")[0] == name and isinstance(each, dict)
            }
            layer.origin = {"kind": kind, "config": config}, attributes
        return layer

    def function(self, key: str, name: str) -> Callable[[Any, Any], Any] | None:
        """Return the loss or metric of a key, called by its name; None without a program."""
        programs = self._functions.get(key)
        if not isinstance(programs, list):
            return None
        from chainrule.train.files.programs import StoredFunction

        return StoredFunction(name, programs, self._tensors)

    def is_within(self, path: str) -> bool:
        """Whether a path is that of something within a layer that is made of programs."""
        head, dot, _ = path.partition(".")
        return bool(dot) and head in self._made

    def restore_flags(self, layers: Iterable[Layer]) -> None:
        """Set which parameters are trained of layers that have programs."""
        restore_flags(layers, self._layers)

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

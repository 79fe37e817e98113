"""What a layer reads of itself: its attributes by the first access of a run, read or written.

What ``forward`` assigns before it reads, such as an input that ``backward`` takes, is no state of
the layer. A twin of the layer, whose classes note each access, is run on types alone, as for
inference and as in training.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any, cast

import numpy as np

from chainrule.graph.array_type import ArrayType
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.kept_trace import run_on_types
from chainrule.graph.node import Node, variable
from chainrule.nn import environment
from chainrule.nn.random_stream import RandomStream
from chainrule.nn.sublayers import holds_layers, is_layer

__all__ = ["ReadsOfForward", "reads_of_forward"]

Note = Callable[[str, bool], None]


class ReadsOfForward:
    """The accesses of one layer: names that were read first, and that were written first.

    The entries of a dictionary have names of their own, ``attribute[key]``.
    """

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.read: set[str] = set()
        self.written: set[str] = set()
        self._in_run: set[str] | None = None

    def start(self) -> None:
        """Begin a run: what the last one has written is as if it were not."""
        self._in_run = set()

    def stop(self) -> None:
        """End a run; what is accessed afterwards does not count."""
        self._in_run = None

    def note(self, name: str, is_read: bool) -> None:
        """Note an access, which counts if it is the first of the run."""
        if self._in_run is not None and name not in self._in_run:
            self._in_run.add(name)
            (self.read if is_read else self.written).add(name)

    def is_state(self, name: str) -> bool | None:
        """Whether a run reads what was there before; None if none accesses it."""
        if name in self.read:
            return True
        if name in self.written:
            return False
        return True if name in self._names_of_other_methods() else None

    def _names_of_other_methods(self) -> set[str]:
        """The names in ``backward`` and ``penalty``, which are not run here."""
        names = set[str]()
        for method in ("backward", "penalty"):
            function = getattr(type(self.layer), method)
            if not function.__module__.startswith("chainrule."):
                names |= set(function.__code__.co_names)
        return names


def reads_of_forward(layer: Any, dtype: np.dtype[Any]) -> dict[int, ReadsOfForward]:
    """Return the accesses of a built layer and of its sublayers, by their ids."""
    twins = _Twins()
    twin = twins.of(layer)
    shape = (2, *layer.input_shape[1:])
    for random in (None, RandomStream(seed=0)):
        # What fails in training alone, such as a batch too small, has been noted so far.
        expected = contextlib.nullcontext() if random is None else contextlib.suppress(Exception)
        run = partial(_run, twin, twins, ArrayType(dtype, shape), random)
        with expected:
            with_filled_arrays(run, twin)
    return twins.reads


def _run(twin: Any, twins: _Twins, X: ArrayType, random: Any) -> None:
    with run_on_types(twin), environment.entered(keep=lambda *_: None), twins.noting():
        twin(variable(X, name="X"), random=random)


class _Twins:
    """Copies of layers, with the same parameters, whose classes note each access."""

    def __init__(self) -> None:
        self.reads: dict[int, ReadsOfForward] = {}
        self._made: dict[int, Any] = {}
        self._notes: dict[int, Note] = {}  # by id of the twin

    @contextlib.contextmanager
    def noting(self) -> Generator[None]:
        """Note accesses within the block."""
        for each in self.reads.values():
            each.start()
        try:
            yield
        finally:
            for each in self.reads.values():
                each.stop()

    def of(self, value: Any, note: Note | None = None, place: str = "") -> Any:
        """Return the twin of a layer, a network or a container; any other value itself."""
        if id(value) in self._made:
            return self._made[id(value)]
        if is_layer(value):
            return self._of_layer(value)
        if hasattr(type(value), "_named_layers"):
            return self._of_network(value)
        note = None if holds_layers(value) else note
        if type(value) in (list, tuple):
            members = [self.of(each) for each in value]
            is_tracked = note is not None and type(value) is list
            return _List(members, note, place) if is_tracked else type(value)(members)
        if type(value) is dict:
            items = {key: self.of(each) for key, each in cast(dict[Any, Any], value).items()}
            return items if note is None else _Dict(items, note, place)
        return value

    def _of_layer(self, layer: Any) -> Any:
        reads = self.reads[id(layer)] = ReadsOfForward(layer)
        twin = self._made[id(layer)] = object.__new__(_noting(type(layer), self._notes))
        attributes: dict[str, Any] = dict(vars(layer))
        kept = ("_arguments", "_binding", "_lock", "_parameters")
        vars(twin).update(
            {
                name: value if name in kept else self.of(value, reads.note, name)
                for name, value in attributes.items()
            }
        )
        self._notes[id(twin)] = reads.note
        return twin

    def _of_network(self, net: Any) -> Any:
        twin = self._made[id(net)] = object.__new__(type(net))
        model = object.__new__(type(net._model))
        vars(model).update(vars(net._model) | {"_stack": None})
        model.layers = [self.of(each) for each in model.layers]
        vars(twin).update(vars(net) | {"_model": model})
        return twin


def _noting(kind: Any, notes: dict[int, Note]) -> Any:
    """Return a subclass of a class of layers that notes each access to an attribute."""

    def __getattribute__(self: Any, name: str) -> Any:  # noqa: N807
        if not name.startswith("__") and (note := notes.get(id(self))) is not None:
            note(name, True)
        return kind.__getattribute__(self, name)

    def __setattr__(self: Any, name: str, value: Any) -> None:  # noqa: N807
        if (note := notes.get(id(self))) is not None:
            note(name, False)
        kind.__setattr__(self, name, value)

    members = {"__getattribute__": __getattribute__, "__setattr__": __setattr__}
    return type(kind.__name__, (kind,), members | {"__module__": kind.__module__})


class _Dict(dict[Any, Any]):
    """A dictionary that notes the first access to each key."""

    def __init__(self, items: dict[Any, Any], note: Note, place: str) -> None:
        super().__init__(items)
        self._note, self._place = note, place

    def __copy__(self) -> dict[Any, Any]:
        """Return a plain copy, in which sublayers are looked for."""
        return dict(super().items())

    def _read(self, key: Any) -> None:
        self._note(f"{self._place}[{key!r}]", True)

    def _read_all(self) -> None:
        for key in list(super().keys()):
            self._read(key)

    def __getitem__(self, key: Any) -> Any:
        self._read(key)
        return super().__getitem__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._note(f"{self._place}[{key!r}]", False)
        super().__setitem__(key, value)

    def __contains__(self, key: object) -> bool:
        self._read(key)
        return super().__contains__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        self._read(key)
        return super().get(key, default)

    def pop(self, key: Any, *default: Any) -> Any:
        self._read(key)
        return super().pop(key, *default)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        self._read(key)
        return super().setdefault(key, default)

    def update(self, *others: Any, **named: Any) -> None:
        for key, value in dict(*others, **named).items():
            self[key] = value

    def __iter__(self) -> Iterator[Any]:
        self._read_all()
        return super().__iter__()

    def keys(self) -> Any:
        self._read_all()
        return super().keys()

    def values(self) -> Any:
        self._read_all()
        return super().values()

    def items(self) -> Any:
        self._read_all()
        return super().items()


class _List(list[Any]):
    """A list that notes when an element is read that this run has not put there."""

    def __init__(self, items: list[Any], note: Note | None, place: str) -> None:
        super().__init__(items)
        self._note, self._place = note, place

    def __copy__(self) -> list[Any]:
        """Return a plain copy, in which sublayers are looked for."""
        return list(super().__iter__())

    def _noted(self, value: Any) -> Any:
        if self._note is not None and not isinstance(value, Node):
            self._note(f"{self._place}[...]", True)
        return value

    def __getitem__(self, index: Any) -> Any:
        return self._noted(super().__getitem__(index))

    def __iter__(self) -> Iterator[Any]:
        return map(self._noted, super().__iter__())

    def __len__(self) -> int:
        if self._note is not None:
            self._note(f"{self._place}[...]", True)
        return super().__len__()

    def pop(self, *index: Any) -> Any:
        return self._noted(super().pop(*index))

    def clear(self) -> None:
        if self._note is not None:
            self._note(f"{self._place}[...]", False)
        super().clear()

"""`Params`: the parameters of a network as a mapping of live arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.array_classes import refuse_masked
from chainrule.arguments.checks import bad_argument, shown
from chainrule.arguments.lookup import suggestion
from chainrule.errors import (
    ChainruleError,
    DataError,
    DTypeError,
    MissingKeyError,
    ShapeError,
    UnsupportedError,
)
from chainrule.nn.parameter import Parameter
from chainrule.pickling import independent_copies
from chainrule.rich_display import html_of
from chainrule.tracebacks import boundary, cut_frames
from chainrule.train.model.model import Model

__all__ = ["Params"]


_SHOWN = 24
"""How many parameters a line at the prompt shows."""


@independent_copies
class Params(MutableMapping[str, NDArray[Any]]):
    """A mapping from names such as ``dense.weight`` to live arrays, in the order of the layers.

    Reading returns a view of the array, so ``net.params["dense.bias"][:] = 0`` changes the network.
    Assigning copies the values into that array, after a check of shape, dtype and finiteness.
    """

    def __init__(self, parameters: Mapping[str, Parameter], model: Model) -> None:
        self._parameters, self._model = parameters, model

    @property
    def frozen(self) -> tuple[str, ...]:
        """The names of frozen weights and running statistics, which training does not update."""
        return tuple(name for name, each in self._parameters.items() if not each.trainable)

    def __getitem__(self, name: str) -> NDArray[Any]:
        try:
            value = self._parameter(name).value
        except ChainruleError as error:  # as a boundary does, which takes longer
            cut_frames(error)
            raise
        # A view: resizing or reshaping it in place does not change the parameter's array.
        return value.view() if type(value) is np.ndarray else value

    @boundary
    def __setitem__(self, name: str, value: Any) -> None:
        self._write([(self._parameter(name).value, self._checked(name, value))])

    def _checked(self, name: str, value: Any) -> NDArray[Any]:
        """Return values for a parameter, in its dtype."""
        live = self._parameter(name).value
        refuse_masked(value, f"params[{name!r}]: the assigned array")
        try:
            new = np.asarray(value)
        except ValueError as error:
            raise ShapeError(
                f"params[{name!r}] has shape {live.shape}, and the assigned rows are of unequal "
                f"length; assign an array of that shape ({error})"
            ) from None
        if new.dtype.kind not in "biuf":
            raise DTypeError(f"params[{name!r}]: cannot hold {new.dtype}; assign real numbers")
        if new.shape != live.shape:
            raise ShapeError(
                f"params[{name!r}] has shape {live.shape}, the assigned array {new.shape}; "
                "they must be equal (nothing is broadcast here)"
                + ("; weights are (in, out): assign its .T" * (new.shape == live.shape[::-1]))
            )
        with np.errstate(over="ignore"):  # an overflow to float32 is reported below
            new = new.astype(live.dtype)
        if not np.isfinite(new).all():
            count = int(np.size(new) - np.isfinite(new).sum())
            raise DataError(
                f"params[{name!r}]: {count} of the {new.size} assigned values are NaN or "
                f"infinite as {live.dtype}; a network cannot compute with them"
            )
        return new

    def _write(self, values: list[tuple[NDArray[Any], NDArray[Any]]]) -> None:
        with self._model.parameter_lock.writing():
            self._model.training.refuse_elsewhere("params")
            for live, new in values:
                np.copyto(live, new)

    @boundary
    def update(self, other: Any = (), /, **values: Any) -> None:
        """Assign to several parameters, all of which are checked before the first changes.

        Parameters
        ----------
        other : mapping of str to array, or sequence of pairs
            Values by name.
        **values
            Further ones, where a name is an identifier.
        """
        try:
            new = dict(other, **values)
        except (TypeError, ValueError):
            rule = "a mapping from names to arrays, as from net.params.copy()"
            raise bad_argument("params.update", "the argument", other, rule) from None
        checked = [(self._parameter(name).value, self._checked(name, new[name])) for name in new]
        self._write(checked)

    def copy(self) -> dict[str, NDArray[Any]]:
        """Return copies of all arrays as of one moment, also while another thread trains.

        Returns
        -------
        dict of str to array
            To assign again by ``net.params.update(...)``.
        """
        return self._model.parameter_lock.read(
            lambda: {name: np.array(each.value) for name, each in self._parameters.items()}
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return the parameters, of a model without layers: a copy belongs to no network."""
        return {
            "_parameters": dict(self._parameters),
            "_model": Model(self._model.seed, self._model.dtype),
        }

    @boundary
    def __delitem__(self, name: str) -> NoReturn:
        raise UnsupportedError(
            f"params: {shown(name)} belongs to its layer and cannot be deleted; build a network "
            "without that layer"
        )

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._parameters

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def __repr__(self) -> str:
        rows = [f"{name!r}: {tuple(p.value.shape)}" for name, p in self._parameters.items()]
        if len(rows) > _SHOWN:
            rows[_SHOWN - 2 : -2] = [f"... {len(rows) - _SHOWN} more"]
        return f"<params {{{', '.join(rows)}}}>"

    _repr_html_ = html_of

    def _parameter(self, name: Any) -> Parameter:
        if name in self:
            return self._parameters[name]
        known = list(self._parameters) or ["none: the network is not built yet"]
        given = name if isinstance(name, str) else shown(name)
        raise MissingKeyError(
            f"params: no parameter is named {shown(name)}; {suggestion(given, known)}"
        )

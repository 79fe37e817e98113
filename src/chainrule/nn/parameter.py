"""Parameter: an array of a layer that training updates.

In NumPy expressions it behaves as its value, so that a layer reads ``x @ self.weight + self.bias``.
It holds an array and nothing else. A trace binds another value to it, such as a node, in its own
environment; see `nn.environment`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, cast

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from chainrule.arguments.aliases import LAYER_ARGUMENT_ALIASES
from chainrule.arguments.array_classes import refuse_masked
from chainrule.arguments.attributes import refuse_assignment
from chainrule.arguments.checks import checked_flag, checked_text
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import DTypeError, ShapeError, TraceError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node, as_node
from chainrule.nn import environment
from chainrule.nn.environment import LayerEnvironment
from chainrule.pickling import independent_copies
from chainrule.rich_display import html_of

__all__ = ["Parameter", "defer", "note_replacement", "restore", "substituted"]

Array = np.ndarray[Any, Any]


@independent_copies
@answers_foreign_names(LAYER_ARGUMENT_ALIASES)
class Parameter(NDArrayOperatorsMixin):
    """An array of a layer: trainable weights or non-trainable state.

    Parameters
    ----------
    name : str
        Its name within the layer, such as ``weight``.
    value : numpy.ndarray
        Its value. The array is live: training writes into it and never replaces it.
    trainable : bool
        False for the state of a layer, such as running statistics, which no optimiser updates. May
        be changed: False freezes a weight. That of its layer sets it again.
    is_weight : bool or None
        Whether the ``l2`` penalty includes it: matrices and kernels, not biases and gains. None
        means True for two or more axes.

    Attributes
    ----------
    array : numpy.ndarray
        The live array, also while a trace binds another value.
    is_state : bool
        Whether it was created as state.
    sparse : bool
        Whether an optimiser updates the rows alone that a batch has looked up, also where its rule
        changes others, see `Embedding`; False at first.

    Examples
    --------
    >>> weight = Parameter("weight", np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> np.array([1.0, 1.0]) @ weight
    array([4., 6.])
    >>> weight -= 1.0
    >>> weight.T
    array([[0., 2.],
           [1., 3.]])
    """

    _guarded_attributes: ClassVar[tuple[str, ...]] = ("array",)

    __slots__ = ("_grad", "_trainable", "array", "is_state", "is_weight", "name", "sparse")
    last_replacement: ClassVar[object] = object()
    """Another object after each assignment of another array to the value of any parameter."""

    __hash__ = object.__hash__  # pyright: ignore[reportAssignmentType]

    def __init__(
        self, name: str, value: Any, trainable: bool = True, is_weight: bool | None = None
    ) -> None:
        self.name = checked_text("Parameter", "name", name, "text, at least one character")
        self.array = _checked_numbers(name, value)
        self._grad: Any = None
        self.trainable = trainable
        self.is_state = not trainable
        self.sparse = False
        is_weight = self.array.ndim >= 2 if is_weight is None else is_weight
        self.is_weight = checked_flag(f"parameter {name}", "is_weight", is_weight)

    @property
    def trainable(self) -> bool:
        """Whether training updates it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = checked_flag(f"parameter {self.name}", "trainable", value)

    @property
    def value(self) -> Any:
        """The array or, in a trace that has bound one, the value bound to it.

        Raises
        ------
        ShapeError, DTypeError
            If the assigned array has another shape, or does not hold real numbers.
        TraceError
            If a traced value is assigned outside the trace that it belongs to, or a layer assigns
            a parameter that training updates.
        """
        traced = environment.current()
        if traced is None:
            return self.array
        value = traced.values.get(self, _UNBOUND)
        if value is not _UNBOUND:
            return value
        traced.note_unbound(self)
        return self.array

    @value.setter
    def value(self, value: Any) -> None:
        if (traced := environment.current()) is not None:
            self._refuse_update(traced)
            traced.values[self] = value
        else:
            if value is not self.array:
                self.array = value

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; an array must be like the one before, and programs are bound to it."""
        if name == "array":
            # A new parameter has none; `hasattr` would have `__getattr__` write a message.
            try:
                before = _deferred[self](self) if self in _deferred else _array_of(self)
            except AttributeError:
                pass
            else:
                value = _checked_like(self.name, value, before)
            note_replacement()
        if not hasattr(Parameter, name):
            refuse_assignment(self, "parameter", name, _ASSIGNMENTS)
        object.__setattr__(self, name, value)

    @property
    def grad(self) -> Any:
        """Gradient of the loss, where a manual ``backward`` has set it; else None."""
        traced = environment.current()
        return self._grad if traced is None else traced.gradients.get(self, self._grad)

    @grad.setter
    def grad(self, gradient: Any) -> None:
        if (traced := environment.current()) is not None:
            traced.gradients[self] = gradient
        else:
            self._grad = None if gradient is None else _checked(f"{self.name}.grad", gradient)

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self.value.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type."""
        return self.value.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.value.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.value.size

    @property
    def T(self) -> Any:  # noqa: N802, NumPy's name
        """The value with its axes in reverse order."""
        return self.value.T

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.value)

    def __getitem__(self, index: Any) -> Any:
        value, index = self.value, _value_of(index)
        if type(value) is np.ndarray and _holds_node(index):
            value = as_node(value)  # indices of a trace that has bound nothing to the parameter
        return value[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        if environment.current() is None:
            self.value[_value_of(index)] = _value_of(value)
        else:
            new = self.value.copy()
            new[_value_of(index)] = _value_of(value)
            self.value = new

    def _refuse_update(self, traced: LayerEnvironment) -> None:
        """Refuse an update by a layer that would be lost: that of the optimiser takes its place."""
        is_state = not self.trainable
        backward_of = traced.backward_of
        if not (backward_of or (traced.unbound is not None and not is_state)):
            return
        method = f"the backward of {backward_of}" if backward_of else "a forward"
        remedy = (
            f"update state in forward, as self.{self.name}.value = ... where training is True"
            if is_state
            else f"in backward write self.{self.name}.grad = ..., with which the optimiser updates "
            "it, or create state by trainable=False"
        )
        raise TraceError(
            f"parameter {self.name} is assigned in {method}, where its new value would be lost; "
            f"{remedy}"
        )

    def __getattr__(self, name: str) -> Any:
        if name == "array":
            # Python asks here where `defer` has left none; another thread may restore it meanwhile.
            fetch = _deferred.get(self)
            return _array_of(self) if fetch is None else fetch(self)
        if name.startswith("_") or name in Parameter.__slots__:
            raise AttributeError(f"a parameter has no attribute {name!r}", name=name)
        return getattr(self.value, name)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.value, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        values = [x.value if type(x) is Parameter else _value_of(x) for x in inputs]
        if not options:
            return getattr(ufunc, method)(*values)
        (target,) = options.get("out") or (None,)
        if isinstance(target, Parameter) and environment.current() is not None:
            options.pop("out")  # the new value takes the place of the old one
        result = getattr(ufunc, method)(*values, **_value_of(options))
        if not isinstance(target, Parameter):
            return result
        target.value = result
        return target

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return function(*_value_of(args), **_value_of(kwargs))

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    _repr_html_ = html_of

    def __repr__(self) -> str:
        return f"<parameter {self.name} {ArrayType(self.dtype, self.shape)}>"


def defer(parameter: Parameter, fetch: Callable[[Parameter], Array]) -> None:
    """Take the array of a parameter away: `fetch` answers what reads it, until `restore`."""
    _deferred[parameter] = fetch
    object.__delattr__(parameter, "array")


def restore(parameter: Parameter, array: Array) -> None:
    """Give a parameter the array that `defer` has taken away, if no read has."""
    if parameter in _deferred:
        object.__setattr__(parameter, "array", array)
        _deferred.pop(parameter, None)


def note_replacement() -> None:
    """Let programs that are bound to the arrays of parameters read them again."""
    Parameter.last_replacement = object()


_deferred: dict[Parameter, Callable[[Parameter], Array]] = {}
"""What answers reads of the arrays that `defer` has taken away."""


def _array_of(parameter: Parameter) -> Array:
    """Return the array of a parameter, or raise an AttributeError if it has none."""
    return object.__getattribute__(parameter, "array")


@contextmanager
def substituted(parameters: Sequence[Parameter], values: Sequence[Any]) -> Generator[None]:
    """Bind values, such as the nodes of a trace, to parameters within a context of this thread.

    Examples
    --------
    >>> gain = Parameter("gain", np.array(2.0))
    >>> with substituted([gain], [np.array(5.0)]):
    ...     float(gain + 1)
    6.0
    >>> float(gain + 1)
    3.0
    """
    with environment.entered() as traced:
        traced.values.update(zip(parameters, values, strict=True))
        yield


def _checked(name: str, value: Any) -> Any:
    """Return an array to store in a parameter; refuse a node, which would outlive its trace."""
    if isinstance(value, Parameter):
        return _checked(name, value.value)
    if isinstance(value, Node):  # asked first: a node answers to be an array
        raise TraceError(
            f"parameter {name}: a traced value cannot be stored outside the trace it belongs to; "
            "assign an array, or return the value from the traced function and assign it then"
        )
    refuse_masked(value, f"parameter {name}: the assigned array")
    array = value if isinstance(value, np.ndarray) else np.asarray(value)
    return array if array.flags.writeable else array.copy()  # training writes into it


def _checked_numbers(name: str, value: Any) -> Any:
    """Return an array of real numbers to store in a parameter."""
    try:
        array = _checked(name, value)
    except ValueError as error:  # ragged
        raise ShapeError(f"parameter {name}: its value has rows of unequal length") from error
    if array.dtype.kind not in "biuf":
        raise DTypeError(f"parameter {name}: its value is {array.dtype}; give it real numbers")
    return array


def _checked_like(name: str, value: Any, old: Any) -> Any:
    """Return an array for the value of a parameter, of the shape and dtype of the old one."""
    array = _checked_numbers(name, value)
    if array.shape != old.shape:
        raise ShapeError(
            f"parameter {name} has shape {old.shape}, the assigned array {array.shape}; they must "
            "be equal (nothing is broadcast here)"
        )
    return array if array.dtype == old.dtype else array.astype(old.dtype)


_UNBOUND: Any = object()
_ASSIGNMENTS = {
    "data": "here it is parameter.value",
    "requires_grad": "here it is parameter.trainable",
}


def _holds_node(index: Any) -> bool:
    """Whether an index is traced, or one of those of several axes."""
    return type(index) is Node or (
        type(index) is tuple and any(type(each) is Node for each in cast(Any, index))
    )


def _value_of(argument: Any) -> Any:
    """Replace parameters by their values, in nested containers too."""
    if isinstance(argument, Parameter):
        return argument.value
    if type(argument) in (tuple, list):
        return type(argument)(_value_of(each) for each in argument)
    if type(argument) is dict:
        return {key: _value_of(each) for key, each in cast(dict[str, Any], argument).items()}
    return argument

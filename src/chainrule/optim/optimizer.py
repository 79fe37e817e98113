"""The interface of optimisers: slots, and the update of a parameter by its gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from functools import wraps
from typing import Any, ClassVar

import numpy as np

from chainrule.arguments.aliases import OPTIMIZER_ALIASES, OPTIMIZER_ATTRIBUTES
from chainrule.arguments.annotated import Positive, check_fields
from chainrule.arguments.attributes import refuse_missing
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.config import describe
from chainrule.optim.schedules.schedule import Rate, Schedule, checked_rate
from chainrule.optim.tree_update import initial_state, update_tree
from chainrule.pickling import versioned_pickles

__all__ = ["Array", "Optimizer", "Slots", "zeros_like"]

Array = Any
"""An array, or a node of a graph: updates are plain NumPy and accept both."""

Slots = dict[str, Array]
"""The optimiser state of one parameter, such as its velocity or moments."""


@versioned_pickles
@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class Optimizer(ABC):
    """An update rule: parameters and gradients to the next parameters.

    An optimiser is an immutable record of hyperparameters; the state of the parameters is held by
    the caller. Updates are plain NumPy, change nothing in place and preserve the dtype; they may be
    traced by ``jit`` and ``scan``.

    Parameters
    ----------
    learning_rate : float > 0, Schedule, or function (epoch)
        The step size.
    clip_norm : float > 0 or None
        Maximal Euclidean norm of all gradients together, see `clip`.
    clip_value : float > 0 or None
        Each element of a gradient is clipped to [-clip_value, clip_value].

    Examples
    --------
    A loop by hand, over any tree of arrays:

    >>> from chainrule import optim
    >>> params, optimizer = {"w": np.array([1.0, -2.0])}, optim.SGD(0.25)
    >>> state = optimizer.init(params)
    >>> for _ in range(2):
    ...     gradients = {"w": 2 * params["w"]}  # of the sum of squares
    ...     params, state = optimizer.update(gradients, state, params)
    >>> params["w"], int(state["step"])
    (array([ 0.25, -0.5 ]), 2)

    A custom optimiser, here gradient descent by the sign alone:

    >>> @dataclass(frozen=True)
    ... class SignDescent(optim.Optimizer):
    ...     def slots(self, parameter):
    ...         return {}
    ...     def update_parameter(self, parameter, gradient, slots, rate, step):
    ...         return parameter - rate * np.sign(gradient), slots
    >>> rule = SignDescent(learning_rate=0.5)
    >>> rule.update({"w": np.array([0.2, -7.0])}, rule.init(params), params)[0]
    {'w': array([-0.25,  0.  ])}
    """

    _held_as: ClassVar[str] = "net.optimizer"  # see `refuse_change`

    learning_rate: Rate
    _: KW_ONLY
    clip_norm: Positive | None = None
    clip_value: Positive | None = None

    def __post_init__(self) -> None:
        if "learning_rate" in vars(self):
            rate = checked_rate(type(self).__name__, self.learning_rate)
            object.__setattr__(self, "learning_rate", rate)
        check_fields(self)

    def __getattr__(self, name: str) -> Any:
        """Answer the names of other libraries."""
        refuse_missing(self, self._held_as, name, OPTIMIZER_ATTRIBUTES)

    def __init_subclass__(cls, **options: Any) -> None:
        """Let ``update`` with five arguments, as it once was, be `update_parameter`."""
        super().__init_subclass__(**options)
        if "update" in vars(cls):
            setattr(cls, "update_parameter", vars(cls)["update"])  # noqa: B010 (of another type)
        if "update_parameter" in vars(cls):
            cls.update = _of_tree_or_parameter(cls.update_parameter)

    def init(self, params: Any) -> dict[str, Any]:
        """Return the state of the parameters before the first update.

        Parameters
        ----------
        params : array, or nested dicts, lists and tuples of arrays, float
            The parameters, such as `Network.params`: its frozen ones and its running statistics
            are given no slots, and `update` leaves them as they are.

        Returns
        -------
        dict
            A tree: ``step``, the number of updates, and ``slots`` of each parameter.

        Raises
        ------
        ArgumentError, DTypeError
            For anything but arrays of floats.
        """
        return initial_state(self, params)

    def update(self, gradients: Any, state: dict[str, Any], params: Any) -> tuple[Any, Any]:
        """Return the parameters, and the state, after one update.

        Gradients are clipped first. A schedule is one of updates (``steps=``), which `state`
        counts.

        Parameters
        ----------
        gradients : tree of arrays, float
            Of the structure and shapes of `params`, as `chainrule.grad` returns them.
        state : dict
            What `init` or the previous update returned.
        params : array, or nested dicts, lists and tuples of arrays, float
            The parameters.

        Returns
        -------
        params : tree of arrays
            The new values; the arguments are not modified.
        state : dict
            The new state.

        Raises
        ------
        ArgumentError, ShapeError, DTypeError
            If the trees differ in structure or shapes, and for a schedule of epochs.
        """
        return update_tree(self, gradients, state, params)

    @abstractmethod
    def slots(self, parameter: Array) -> Slots:
        """Return the initial slots of a parameter.

        Parameters
        ----------
        parameter : array, float
            Only its shape and dtype are used.

        Returns
        -------
        dict of str to array
            New arrays of the parameter's dtype, of its shape or of shape ().
        """

    @abstractmethod
    def update_parameter(
        self, parameter: Array, gradient: Array, slots: Slots, rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """Return one parameter and its slots after one update: the rule of the optimiser.

        Parameters
        ----------
        parameter, gradient : array or node, float, of one shape and dtype
            The parameter, and the gradient of the loss with respect to it.
        slots : dict of str to array
            As returned by `slots` or by the previous update.
        rate : scalar, float
            The learning rate: a Python number, or a scalar of the parameter's dtype.
        step : scalar, float
            The number of this update, 1 for the first: a Python number, or a scalar of the
            parameter's dtype.

        Returns
        -------
        parameter : array or node
            The new value; the arguments are not modified.
        slots : dict of str to array
            The new slots, with the same keys.
        """

    def rate(self, step: int, epoch: int) -> float:
        """Return the learning rate after `step` updates and `epoch` epochs, both counted from 0."""
        rate: Any = vars(self).get("learning_rate", 1.0)  # no function, see `checked_rate`
        return rate(step, epoch) if isinstance(rate, Schedule) else rate

    @property
    def keeps_at_zero_gradient(self) -> bool:
        """Whether an element whose gradient is zero keeps its value and slots, bit for bit.

        Then a table is updated in the rows alone that a batch has looked up, see `Embedding`. False
        unless a rule says otherwise: a velocity or a moment moves an element once more.
        """
        return False

    @property
    def has_schedule(self) -> bool:
        """Whether the learning rate is another one in other steps or epochs."""
        return isinstance(vars(self).get("learning_rate"), Schedule)

    def observe(self, value: float) -> Optimizer:
        """Return the optimiser for the next epoch, given the loss of the last one.

        It is this one, unless its schedule is `chainrule.optim.reduce_on_plateau`.
        """
        rate: Any = vars(self).get("learning_rate")
        if not isinstance(rate, Schedule):
            return self
        schedule = rate.observe(value)
        return self if schedule is rate else replace(self, learning_rate=schedule)

    def config(self) -> dict[str, Any]:
        """Return the optimiser as plain data, for `chainrule.optim.from_config`.

        Examples
        --------
        >>> from chainrule import optim
        >>> optim.Lion(0.5).config()["kind"]
        'Lion'
        """
        return describe(self)


def _of_tree_or_parameter(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Return the ``update`` of a class, which takes also the five arguments of its rule."""
    of_tree: Callable[..., Any] = Optimizer.update

    @wraps(of_tree)
    def update(self: Optimizer, *args: Any, **named: Any) -> Any:
        if len(args) + len(named) == 5:
            return rule(self, *args, **named)
        return of_tree(self, *args, **named)

    return update


def zeros_like(parameter: Array) -> Array:
    """Return zeros of the shape and dtype of an array, a node or a parameter."""
    return np.zeros(parameter.shape, parameter.dtype)

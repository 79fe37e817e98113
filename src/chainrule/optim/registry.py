"""Registry of optimisers and schedules: by name, and from their configuration."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.late_names import LateNames
from chainrule.arguments.lookup import suggestion
from chainrule.errors import ArgumentError, ChainruleError, FormatError
from chainrule.optim.lbfgs import LBFGS
from chainrule.optim.levenberg_marquardt import LevenbergMarquardt
from chainrule.optim.minimizer import Minimizer
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.schedule import Rate, Schedule
from chainrule.optim.scipy_minimizer import SCIPY_METHODS, SciPyMinimizer

__all__ = ["MINIMIZERS", "OPTIMIZERS", "SCHEDULES", "from_config", "resolve_optimizer"]

_OPTIMIZER_CLASSES = ("SGD", "Adagrad", "RMSprop", "Adadelta", "Adam", "AdamW", "Nadam", "Lion")


def _module_of(optimizer: str) -> str:
    return f"chainrule.optim.{optimizer.lower()}"


OPTIMIZERS: Mapping[str, type[Optimizer]] = LateNames(
    {name.lower(): (_module_of(name), name) for name in _OPTIMIZER_CLASSES}
)
"""Optimisers by the names that ``net.compile(optimizer=...)`` accepts."""

SCHEDULES: Mapping[str, type[Schedule]] = LateNames(
    {
        name: (f"chainrule.optim.schedules.{module}", name)
        for module, names in (
            ("schedule", "constant"),
            ("decay", "step exponential inverse_time cosine"),
            ("warmup", "warmup one_cycle"),
            ("plateau", "reduce_on_plateau"),
        )
        for name in names.split()
    }
)
"""Schedules by name."""

MINIMIZERS: dict[str, Callable[[], Minimizer]] = {
    "lbfgs": LBFGS,
    "lm": LevenbergMarquardt,
    **{method: partial(SciPyMinimizer, method) for method in SCIPY_METHODS},
}
"""Full-batch methods by the names that ``net.compile(optimizer=...)`` accepts."""

_MINIMIZER_CLASSES = (LBFGS, LevenbergMarquardt, SciPyMinimizer)

_CLASSES: Mapping[str, Callable[..., Any]] = ChainMap(
    cast(Any, SCHEDULES),
    {each.__name__: each for each in _MINIMIZER_CLASSES},
    cast(Any, LateNames({name: (_module_of(name), name) for name in _OPTIMIZER_CLASSES})),
)

_MINIMIZER_SPELLINGS = {
    "".join(filter(str.isalnum, spelling)): name
    for name in MINIMIZERS
    for spelling in {name, "levenberg-marquardt" if name == "lm" else name}
}


@answers_foreign_names(OPTIMIZER_ALIASES)
def resolve_optimizer(
    optimizer: str | Optimizer | type[Optimizer], learning_rate: Rate | None = None
) -> Optimizer:
    """Return the optimiser of a name, a class or an instance.

    Parameters
    ----------
    optimizer : str, Optimizer or subclass of it
        A name such as "sgd", "lbfgs" or "newton-cg" in any case, an optimiser, or its class.
    learning_rate : float > 0, Schedule, function (epoch) or None
        Its learning rate; None for the default. An instance has its own already.

    Returns
    -------
    Optimizer
        The optimiser.

    Raises
    ------
    ArgumentError
        For an unknown name, a bad learning rate, or a learning rate beside an instance.

    Examples
    --------
    >>> resolve_optimizer("sgd", learning_rate=0.5)
    SGD(learning_rate=0.5, clip_norm=None, clip_value=None, momentum=0.0, nesterov=False)
    """
    if isinstance(optimizer, Optimizer):
        _refuse_rate(optimizer, learning_rate)
        if learning_rate is not None:
            raise ArgumentError(
                f"compile: learning_rate is {learning_rate!r}, but the optimizer has its own, "
                f"{optimizer.learning_rate!r}; keep one, as in "
                f"optim.{type(optimizer).__name__}(learning_rate={learning_rate!r})"
            )
        return optimizer
    kind = _class_of(optimizer)
    if not isinstance(kind, type) or issubclass(kind, Minimizer):
        minimizer = kind()
        _refuse_rate(minimizer, learning_rate)
        return minimizer
    arguments: dict[str, Any] = {} if learning_rate is None else {"learning_rate": learning_rate}
    return kind(**arguments)


def _refuse_rate(optimizer: Optimizer, learning_rate: Any) -> None:
    if isinstance(optimizer, Minimizer) and learning_rate is not None:
        raise ArgumentError(
            f"compile: learning_rate is {learning_rate!r:.40}, but {type(optimizer).__name__} "
            "chooses the length of each step itself; leave it out"
        )


@answers_foreign_names(OPTIMIZER_ALIASES)
def from_config(config: Any) -> Any:
    """Return the optimiser or schedule of a ``config()``.

    Parameters
    ----------
    config : dict of str to value
        Plain data, as read from JSON: ``kind``, the name of a class, and arguments by name.

    Returns
    -------
    Optimizer or Schedule
        Equal to the one described.

    Raises
    ------
    FormatError
        For an unknown kind, an unknown argument or a bad value.

    Examples
    --------
    >>> from_config({"kind": "cosine", "learning_rate": 0.1, "epochs": 5})(step=0, epoch=5)
    0.0
    """
    if isinstance(config, str):
        raise FormatError(
            f"optimizer: a description is a dictionary, as from optim.SGD(0.1).config(), not "
            f"{config!r:.60}; an optimiser of a name is created by its class, as optim.SGD(0.1)"
        )
    values = dict(cast(dict[str, Any], config)) if isinstance(config, dict) else {}
    kind = values.pop("kind", None)
    if not isinstance(kind, str) or kind not in _CLASSES:
        raise FormatError(
            f"optimizer: the description is of kind {kind!r:.60}; known are {', '.join(_CLASSES)}"
        )
    arguments: dict[str, Any] = {
        name: from_config(value) if isinstance(value, dict) and name != "options" else value
        for name, value in values.items()
    }
    try:
        return _CLASSES[kind](**arguments)
    except (ChainruleError, TypeError) as error:
        raise FormatError(
            f"optimizer: the description of {kind} does not fit: {error!s:.100}"
        ) from error


def _class_of(name: Any) -> Callable[..., Optimizer]:
    if isinstance(name, type) and issubclass(name, Optimizer):
        return name
    if not isinstance(name, str):
        raise ArgumentError(
            f"compile: optimizer is {name!r}; it must be a name such as 'adam' or an optimiser "
            "such as optim.Adam(0.001)"
        )
    key = name.lower()
    if key in OPTIMIZERS:
        return OPTIMIZERS[key]
    if (spelling := "".join(filter(str.isalnum, key))) in _MINIMIZER_SPELLINGS:
        return MINIMIZERS[_MINIMIZER_SPELLINGS[spelling]]
    if key in _LEAST_SQUARES:
        raise ArgumentError(
            f"compile: optimizer {name!r} is a method of scipy.optimize.least_squares; for a "
            "network with the loss 'mse' or 'sse' give 'lm', which is Levenberg-Marquardt"
        )
    known = {**OPTIMIZERS, **MINIMIZERS}
    raise ArgumentError(f"compile: there is no optimizer {name!r}; {suggestion(key, known)}")


_LEAST_SQUARES = ("trf", "dogbox")

"""The settings of a sweep: a grid, a list, or draws from distributions."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from chainrule.arguments.checks import bad_argument, checked_count, checked_seed, shown
from chainrule.arguments.lookup import suggestion
from chainrule.errors import ArgumentError, counted

__all__ = ["Setting", "check_names", "described", "expand", "seeds_of"]

Setting = dict[str, Any]
"""One choice of the settings that a sweep varies, by name."""

FIT_SETTINGS = ("batch_size", "epochs")
"""Settings that the training takes where the function that builds networks does not."""

_RULE = (
    "a dict of lists, as {'units': [1, 3, 50]}, a list of dicts, or with samples=n a dict of lists "
    "and distributions"
)


def expand(settings: Any, samples: Any, samples_seed: Any) -> list[Setting]:
    """Return the settings: the product of a grid, a list as it is, or draws.

    Examples
    --------
    >>> expand({"units": [1, 3], "rate": [0.1, 0.2]}, None, 0)[1]
    {'units': 1, 'rate': 0.2}
    """
    seed = checked_seed("sweep", samples_seed)
    if isinstance(settings, Mapping):
        named = cast(Mapping[str, Any], settings)
        if samples is not None:
            return _drawn(named, checked_count("sweep", "samples", samples), seed)
        grid = [_choices(name, values) for name, values in named.items()]
        return [dict(zip(named, each, strict=True)) for each in itertools.product(*grid)]
    if samples is not None or not isinstance(settings, Sequence) or isinstance(settings, str):
        raise bad_argument("sweep", "settings", settings, _RULE)
    given = list(cast(Sequence[Any], settings))
    for each in given:
        if not isinstance(each, Mapping):
            raise bad_argument("sweep", "an entry of settings", each, "a dict of names and values")
    if not given:
        raise bad_argument("sweep", "settings", settings, "at least one setting")
    return [dict(each) for each in given]


def _choices(name: Any, values: Any) -> list[Any]:
    if not isinstance(name, str):
        raise bad_argument("sweep", "a name of settings", name, "text")
    if hasattr(values, "rvs") or (callable(values) and not isinstance(values, type)):
        raise ArgumentError(
            f"sweep: settings[{name!r}] is {shown(values)}, from which values are drawn; say how "
            "many settings to draw, as in samples=20"
        )
    is_list = isinstance(values, Sequence | np.ndarray) and not isinstance(values, str | bytes)
    listed: list[Any] = list(cast(Sequence[Any], values)) if is_list else []
    if not listed:
        rule = "a list of one value or more, as [0.1, 0.01]"
        raise bad_argument("sweep", f"settings[{name!r}]", values, rule)
    return [each.item() if isinstance(each, np.generic) else each for each in listed]


def _drawn(settings: Mapping[str, Any], count: int, seed: int) -> list[Setting]:
    """Draw settings; draw number i depends on the seed and i alone."""
    streams = [np.random.default_rng([seed, number]) for number in range(count)]
    return [{name: _draw(name, each, random) for name, each in settings.items()}
            for random in streams]  # fmt: skip


def _draw(name: str, source: Any, random: np.random.Generator) -> Any:
    if hasattr(source, "rvs"):
        value: Any = source.rvs(random_state=random)
    elif callable(source) and not isinstance(source, type):
        value = source(random)
    else:
        choices = _choices(name, source)
        value = choices[int(random.integers(len(choices)))]
    is_scalar = isinstance(value, np.generic | np.ndarray) and value.size == 1
    return value.item() if is_scalar else value


def seeds_of(seeds: Any) -> list[int]:
    """Return the seeds: 0, 1, 2, ... for a number of them, else those given."""
    if isinstance(seeds, Sequence | np.ndarray) and not isinstance(seeds, str):
        given = [checked_seed("sweep", each) for each in cast(Sequence[Any], seeds)]
        if not given or len(set(given)) < len(given):
            raise bad_argument("sweep", "seeds", seeds, "different seeds, at least one")
        return given
    return list(range(checked_count("sweep", "seeds", seeds)))


def check_names(
    build: Callable[..., Any], settings: Sequence[Setting], seeds: int
) -> tuple[bool, tuple[str, ...]]:
    """Refuse names that nothing takes.

    Return whether `build` takes a seed, and which names are settings of the training instead.
    """
    parameters = inspect.signature(build).parameters
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    takes_seed = takes_any or "seed" in parameters
    for name in dict.fromkeys(name for each in settings for name in each):
        if name == "seed":
            raise ArgumentError(
                "sweep: 'seed' is among the settings; give the seeds by seeds=, over which the "
                "table has means and standard errors"
            )
        if not takes_any and name not in parameters and name not in FIT_SETTINGS:
            own = [each for each in parameters if each != "seed"]
            raise ArgumentError(
                f"sweep: build has no parameter {name!r}, but {', '.join(own) or 'none'}"
                f"{suggestion(name, [*own, *FIT_SETTINGS])}; name the settings as build's "
                "parameters, or as epochs and batch_size, which the training takes"
            )
    if seeds > 1 and not takes_seed:
        raise ArgumentError(
            f"sweep: seeds asks for {counted(seeds, 'network')} of each setting, but build takes "
            "no seed; give it a parameter `seed`, and pass that to the network: "
            "cr.Network(layers, seed=seed)"
        )
    return takes_seed, tuple(each for each in FIT_SETTINGS if each not in parameters)


def described(setting: Mapping[str, Any], **others: Any) -> str:
    """Return a setting as messages and figures name it.

    Examples
    --------
    >>> described({"units": 3, "rate": 0.1}, seed=2)
    'units=3, rate=0.1, seed=2'
    """
    named = {**setting, **{name: each for name, each in others.items() if each is not None}}
    return ", ".join(f"{name}={_short(value)}" for name, value in named.items())


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else shown(value, 40)

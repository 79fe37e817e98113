"""Unknown names: each is answered with a name of this library, or with what to do instead."""

import inspect
from typing import Any

import pytest

import chainrule as cr
import chainrule.nn as nn
from chainrule import optim
from chainrule.arguments.aliases import (
    FIT_ALIASES,
    FUNCTION_ALIASES,
    LAYER_ALIASES,
    LAYER_ARGUMENT_ALIASES,
    METRIC_ALIASES,
    OPTIMIZER_ALIASES,
    Aliases,
)
from chainrule.arguments.lookup import look_up, refuse_unknown, suggestion
from chainrule.errors import ArgumentError
from chainrule.nn.activations.activation import resolve_activation
from chainrule.nn.initializers.initializer import resolve_initializer
from chainrule.nn.losses.loss import resolve_loss
from chainrule.nn.registry import LAYERS
from chainrule.train.metrics.metric import METRICS

TABLES: list[tuple[Any, Any]] = [
    (nn.ACTIVATIONS, resolve_activation),
    (nn.INITIALIZERS, resolve_initializer),
    (nn.LOSSES, resolve_loss),
]
PAIRS = [(alias, name) for name, aliases in FUNCTION_ALIASES.names.items() for alias in aliases]


@pytest.mark.parametrize(("alias", "name"), PAIRS)
def test_an_alias_of_a_function_is_refused_with_its_name(alias: str, name: str) -> None:
    (resolve,) = (resolve for table, resolve in TABLES if name in table)
    with pytest.raises(ArgumentError, match=f"unknown .* {alias!r}; here it is {name!r}"):
        resolve(alias)


def test_no_alias_of_a_function_is_a_name_of_this_library() -> None:
    assert not any(alias in table for alias, _ in PAIRS for table, _ in TABLES)


def test_an_alias_of_an_entry_of_another_table_is_unknown() -> None:
    with pytest.raises(ArgumentError, match="unknown activation 'bce'; there are "):
        resolve_activation("bce")


def test_a_name_that_is_not_text_is_refused() -> None:
    with pytest.raises(ArgumentError, match="digit: expected a name or a function, got a float"):
        look_up("digit", 1.5, {"one": 1})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Linear", "here it is nn.Dense"),
        ("Conv2DTranspose", "here it is nn.ConvTranspose2D"),
        ("Conv2d", "here it is nn.Conv2D"),
        ("MaxPooling2D", "here it is nn.MaxPool2D"),
        ("BatchNormalization", "here it is nn.BatchNorm"),
        ("RandomTranslation", "here it is nn.RandomShift"),
        ("SpatialDropout2D", "here it is nn.Dropout(rate, noise_shape=(None, 1, 1, None))"),
        ("Dence", "did you mean nn.Dense?"),
    ],
)
def test_an_unknown_layer_is_answered_with_one_of_this_library(name: str, hint: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(nn, name)
    assert str(caught.value) == f"nn has no {name!r}; {hint}"


def _parameters(*functions: Any) -> set[str]:
    return {name for each in functions for name in inspect.signature(each).parameters}


KNOWN: list[tuple[Aliases, set[str]]] = [
    (FUNCTION_ALIASES, {name for table, _ in TABLES for name in table}),
    (METRIC_ALIASES, {*METRICS, "top_k"}),
    (LAYER_ALIASES, set(nn.__all__)),
    (LAYER_ARGUMENT_ALIASES, _parameters(*(each.__init__ for each in LAYERS.values()))),
    (
        OPTIMIZER_ALIASES,
        _parameters(*optim.OPTIMIZERS.values(), *optim.SCHEDULES.values(), optim.LBFGS),
    ),
    (
        FIT_ALIASES,
        _parameters(
            cr.Network,
            cr.Network.compile,
            cr.Network.fit,
            cr.RBM,
            cr.EarlyStopping,
            cr.Checkpoint,
            cr.load,
        ),
    ),
]


@pytest.mark.parametrize(("aliases", "known"), KNOWN)
def test_aliases_lead_to_names_that_exist(aliases: Aliases, known: set[str]) -> None:
    assert set(aliases.names) <= known


def test_an_alias_comes_before_a_remedy_and_a_remedy_before_a_close_match() -> None:
    aliases = Aliases(
        names={"epochs": "n_iter"}, remedies={"n_iter": "call fit", "epoch": "count them"}
    )
    assert suggestion("n_iter", ["epochs"], aliases) == "here it is 'epochs'"
    assert suggestion("n_iter", ["seed"], aliases) == "call fit"
    assert suggestion("epoch", ["epochs"], aliases) == "count them"
    assert suggestion("epoch", ["epochs"]) == "did you mean 'epochs'?"
    assert suggestion("colour", ["epochs", "seed"]) == "there are epochs, seed"


def test_a_name_in_another_case_is_recognised() -> None:
    assert suggestion("RELU", ["relu", "selu"]) == "did you mean 'relu'?"
    assert suggestion("Town", ["age", "TOWN"]) == "did you mean 'TOWN'?"


def test_only_unknown_keywords_are_refused() -> None:
    refuse_unknown("fit", ["X", "epochs"], ["X", "y", "epochs"])
    with pytest.raises(ArgumentError, match="fit: there is no argument `bs`; here it is `batch_s"):
        refuse_unknown("fit", ["X", "bs"], ["X", "batch_size"])

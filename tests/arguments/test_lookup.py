"""Names of other libraries: each leads to one of ours."""

from typing import Any

import pytest

import chainrule.nn as nn
from chainrule.arguments.layer_aliases import FOREIGN_LAYERS, FOREIGN_NAMES
from chainrule.arguments.lookup import kind_of, look_up
from chainrule.errors import ArgumentError
from chainrule.nn.activations.activation import resolve_activation
from chainrule.nn.initializers.initializer import resolve_initializer
from chainrule.nn.losses.loss import resolve_loss

TABLES: list[tuple[Any, Any]] = [
    (nn.ACTIVATIONS, resolve_activation),
    (nn.INITIALIZERS, resolve_initializer),
    (nn.LOSSES, resolve_loss),
]


@pytest.mark.parametrize(("foreign", "ours"), FOREIGN_NAMES.items())
def test_a_foreign_name_is_refused_with_ours(foreign: str, ours: str) -> None:
    (resolve,) = (resolve for table, resolve in TABLES if ours in table)
    with pytest.raises(ArgumentError, match=f"unknown .* {foreign!r}: here it is {ours!r}"):
        resolve(foreign)


def test_a_foreign_name_is_never_one_of_ours() -> None:
    assert not any(foreign in table for foreign in FOREIGN_NAMES for table, _ in TABLES)


def test_a_foreign_name_of_something_else_is_unknown() -> None:
    with pytest.raises(ArgumentError, match="unknown activation 'bce'; there are:"):
        resolve_activation("bce")


def test_a_name_that_is_no_text_is_refused() -> None:
    with pytest.raises(ArgumentError, match="digit: expected a name or a function, got a float"):
        look_up("digit", 1.5, {"one": 1})


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Dense", "dense"),
        ("Conv2D", "conv2d"),
        ("MaxPool2D", "max_pool2d"),
        ("LSTM", "lstm"),
        ("BatchNorm", "batch_norm"),
        ("MultiHeadAttention", "multi_head_attention"),
    ],
)
def test_kinds_are_spelt_as_people_expect(name: str, kind: str) -> None:
    assert kind_of(name) == kind


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("Linear", "nn.Dense"),
        ("Conv2DTranspose", "nn.ConvTranspose2D"),
        ("Conv2d", "nn.Conv2D"),
        ("MaxPooling2D", "nn.MaxPool2D"),
        ("BatchNormalization", "nn.BatchNorm"),
        ("RandomTranslation", "nn.RandomShift"),
        ("SpatialDropout2D", "nn.Dropout(rate, noise_shape=(None, 1, 1, None))"),
    ],
)
def test_layers_as_others_name_them_are_told_ours(name: str, ours: str) -> None:
    with pytest.raises(AttributeError) as told:
        getattr(nn, name)
    assert str(told.value) == f"nn has no {name!r}; here it is {ours}"


def test_every_foreign_layer_leads_to_one_of_ours() -> None:
    for name, ours in FOREIGN_LAYERS.items():
        assert not hasattr(nn, name)
        assert ours.split("(")[0].split(",")[0] in {*nn.__all__, "Network"}


def test_a_layer_with_a_typing_error_is_guessed() -> None:
    with pytest.raises(AttributeError, match=r"nn has no 'Dence', did you mean nn\.Dense\?"):
        nn.Dence  # noqa: B018

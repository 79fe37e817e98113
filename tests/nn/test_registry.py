"""Descriptions of layers: JSON values of a closed vocabulary, there and back."""

import copy
import json
from typing import Any

import numpy as np
import pytest

import chainrule.nn as nn
from chainrule.errors import ArgumentError, FormatError


def double(x: Any) -> Any:
    return 2 * x


class Wrapper(nn.Layer):
    """A layer made with layers, arrays and functions."""

    def __init__(self, inner: list[nn.Layer], scale: Any, after: Any = double) -> None:
        self.inner = inner
        self.scale = np.asarray(scale)
        self.after = after

    def forward(self, x: Any) -> Any:
        for layer in self.inner:
            x = layer(x)
        return self.after(x * self.scale)


CUSTOM = {"Wrapper": Wrapper, "double": double}


def round_trip(layer: nn.Layer, custom: Any = None) -> nn.Layer:
    return nn.from_config(layer.kind, json.loads(json.dumps(layer.config())), custom)


def test_layers_arrays_and_functions_survive_serialisation() -> None:
    layer = Wrapper([nn.Dense(3), nn.Flatten()], np.arange(3.0))
    again = round_trip(layer, CUSTOM)
    x = np.ones((2, 4))
    np.testing.assert_array_equal(again(x), layer(x))
    assert list(again.parameters()) == ["inner.0.weight", "inner.0.bias"]


def test_registered_functions_are_serialised_by_name() -> None:
    layer = nn.Dense(np.int64(3), nn.ACTIVATIONS["relu"], initializer=nn.INITIALIZERS["he_uniform"])
    config = layer.config()
    assert (config["units"], config["activation"]) == (3, "relu")
    assert config["initializer"] == "he_uniform"


def test_a_custom_function_must_be_passed_for_deserialisation() -> None:
    layer = nn.Dense(3, activation=double)
    assert round_trip(layer, CUSTOM).activation is double
    with pytest.raises(FormatError, match="needs the function 'double'"):
        round_trip(layer)


def test_a_lambda_cannot_be_serialised() -> None:
    with pytest.raises(ArgumentError, match="define it with def"):
        nn.Activation(lambda x: x).config()


def test_variadic_arguments_can_be_copied_but_not_serialised() -> None:
    class Many(nn.Layer):
        def __init__(self, units: int, *rates: float, **more: float) -> None:
            self.given = (units, rates, more)

    layer = Many(1, 0.5, extra=2.0)
    assert copy.deepcopy(layer).given == (1, (0.5,), {"extra": 2.0})
    assert Many(1, extra=2.0).config() == {"units": 1, "extra": 2.0}
    with pytest.raises(ArgumentError, match=r"the positional arguments \*rates have no names"):
        layer.config()


def test_a_type_outside_json_cannot_be_serialised() -> None:
    with pytest.raises(ArgumentError, match="argument of type set cannot be saved"):
        Wrapper([], {1.0}).config()


@pytest.mark.parametrize(
    ("kind", "config", "message"),
    [
        ("no_such", {}, "a layer of kind 'no_such', which is not in the library"),
        ("dense", {"units": 3, "colour": "red"}, "cannot be created: Dense: there is no argument"),
        ("dense", {}, "cannot be created: Dense: missing"),
        ("dense", {"units": -3}, "cannot be created: Dense: units"),
        ("dense", {"units": 3, "activation": "os.system"}, "unknown activation 'os.system'"),
        ("dense", {"units": 3, "activation": {"function": "eval"}}, "needs the function 'eval'"),
        ("double", {"x": 1}, "returns int, not a layer"),
    ],
)
def test_a_config_outside_the_registry_is_refused(
    kind: str, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        nn.from_config(kind, config, {"double": double})

"""`Evaluation`: a dictionary that unpacks into its values."""

import copy
import json
import pickle

import numpy as np
import pandas as pd
import pytest

import chainrule as cr
from chainrule import nn, tree
from chainrule.errors import ArgumentError, DTypeError, MissingKeyError


def test_an_evaluation_unpacks_into_values_and_is_else_a_dictionary():
    X = np.linspace(-1, 1, 8)[:, None]
    net = cr.Network([nn.Dense(1)])
    net.compile(loss="mse", metrics=["mae"])
    result = net.evaluate(X, X)
    loss, mae = result
    (alone,) = [net.evaluate(X, X)["loss"]]
    names = {"loss": loss, "mae": mae}
    assert alone == loss == result["loss"] == result[0]
    assert (
        mae == result["mae"] == result[1] == result[-1] == list(result)[1] == max(result, key=abs)
    )
    assert list(result.keys()) == ["loss", "mae"]
    assert "mae" in result
    assert "acc" not in result
    assert len(result) == 2
    for plain in (
        dict(result), {**result}, (lambda **given: given)(**result), {} | result, result | {},
        result.copy(), dict(result.items()), json.loads(json.dumps(result)),
        json.loads(json.dumps(result, indent=1)), pd.Series(result).to_dict(),
        pd.DataFrame([result]).iloc[0].to_dict(), tree.map_leaves(float, result),
        copy.copy(result), copy.deepcopy(result), pickle.loads(pickle.dumps(result)), result,
    ):  # fmt: skip
        assert plain == names
        assert repr(plain) == repr(names)
    assert list(copy.deepcopy(result)) == [loss, mae]
    for key in ("acc", 2, None):
        with pytest.raises(MissingKeyError, match="it has loss, mae"):
            result[key]
    assert f"{result}" == str(result)
    for alone in (
        lambda: float(result), lambda: f"{result:.3f}", lambda: result < 0.1, lambda: round(result)
    ):  # fmt: skip
        with pytest.raises(DTypeError, match=r"take one of them, as in net.evaluate"):
            alone()
    with pytest.raises(AttributeError, match=r"it is result\['loss'\]"):
        _ = result.loss
    for argument in ({"verbose": 0}, {"batch_size": 4}, {"return_dict": True}):
        with pytest.raises(ArgumentError, match=r"leave it out|always returns a dictionary"):
            net.evaluate(X, X, **argument)

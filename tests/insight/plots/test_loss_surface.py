"""The plot of the loss around the weights of a network."""

from typing import Any

import numpy as np
import pytest

from chainrule import Network, nn
from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot
from chainrule.insight.plots import loss_surface as drawn_by

X = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
Y = X[:, :1] - X[:, 1:]


def _trained() -> tuple[Any, list[dict[str, Any]]]:
    net, path = Network([nn.Dense(4, activation="tanh"), nn.Dense(1)], seed=0), []
    net.compile(loss="mse", optimizer="adam")

    def record(net: Any, epoch: int, logs: Any) -> None:
        path.append({name: each.copy() for name, each in net.params.items()})

    net.fit(X, Y, epochs=6, callbacks=[record], verbose=0)
    return net, path


def test_filters_of_random_directions_are_as_long_as_those_of_the_network() -> None:
    weights = {"w": np.random.default_rng(0).normal(size=(3, 2)), "b": np.ones(2)}
    direction = drawn_by.filter_normalised(np.random.default_rng(1), weights)
    lengths = np.linalg.norm(direction[:6].reshape(3, 2), axis=0)
    np.testing.assert_allclose(lengths, np.linalg.norm(weights["w"], axis=0))
    assert not direction[6:].any()


def test_the_centre_has_the_loss_of_the_network_and_weights_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net, path = _trained()
    before = {name: each.copy() for name, each in net.params.items()}
    surfaces = list[Any]()
    draw = drawn_by.draw_contours
    monkeypatch.setattr(
        drawn_by,
        "draw_contours",
        lambda *each, **more: (surfaces.append(each), draw(*each, **more)),
    )
    for steps in (None, path):
        plot.loss_surface(net, X, Y, steps, count=3)
        _, ((left, right), (bottom, top)), values = surfaces[-1]
        assert values.shape == (3, 3)
        assert np.isfinite(values).all()
        if steps is None:
            np.testing.assert_allclose(values[1, 1], net.evaluate(X, Y)["loss"], rtol=1e-6)
            assert (left, right, bottom, top) == (-1, 1, -1, 1)
    assert all(np.array_equal(before[name], each) for name, each in net.params.items())


def test_a_path_is_drawn_in_its_principal_components_from_its_start_to_its_end() -> None:
    net, path = _trained()
    axes: Any = plot.loss_surface(net, X, Y, path, count=3).axes[0]
    points = next(each for each in axes.lines if each.get_label() == "path").get_xydata()
    assert len(points) == 6
    np.testing.assert_allclose(points[-1], 0, atol=1e-12)
    flat = np.array([np.concatenate([each.ravel() for each in step.values()]) for step in path])
    lengths = np.linalg.norm(flat - flat[-1], axis=1)
    assert np.all(np.hypot(*points.T) <= lengths + 1e-6)
    assert np.hypot(*points[0]) > 0.9 * lengths[0]
    assert "first component of the path" in axes.get_xlabel()


def test_what_is_no_path_is_refused_with_a_remedy() -> None:
    net, path = _trained()
    call: Any = plot.loss_surface
    with pytest.raises(ArgumentError, match=r"path is 'loss.png'.* give file="):
        call(net, X, Y, "loss.png")
    with pytest.raises(DataError, match=r"all the same; train with a new cr\.ParameterPath"):
        call(net, X, Y, [path[0], path[0]])
    with pytest.raises(DataError, match=r"path\[1\] has 'dense.bias' of shape None"):
        call(net, X, Y, [path[0], {"dense.weight": path[0]["dense.weight"]}])
    with pytest.raises(ArgumentError, match="radius"):
        call(net, X, Y, radius=0)

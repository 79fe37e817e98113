"""Laws of padding in training: it changes no loss, gradient, metric or weight."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ChainruleWarning, DataError, ShapeError
from chainrule.train import metrics

COUNT, STEPS, CLASSES = 20, 5, 3
RNG = np.random.default_rng(0)
LENGTHS = np.array([0, 5, 1, *RNG.integers(1, STEPS + 1, COUNT - 3)])
REAL = np.arange(STEPS) < LENGTHS[:, None]
X = np.where(REAL[..., None], RNG.normal(size=(COUNT, STEPS, 2)), 0.0)
LABELS = RNG.integers(0, CLASSES, (COUNT, STEPS))
PADDED_LABELS = np.where(REAL, LABELS, -1)
AMOUNTS = RNG.normal(size=(COUNT, STEPS, 1))
BY_NUMPY = pytest.mark.usefixtures("numpy_backend")
"""Of a law of masks in a graph; weights, metrics, words and gradients below are native as well."""
STEP_WEIGHT, WEIGHT = RNG.uniform(0.1, 2.0, (COUNT, STEPS)), RNG.uniform(0.1, 2.0, COUNT)


def network(
    loss: Any, units: int = 1, chosen: Any = (), rate: float = 0.1, x: Any = X
) -> cr.Network:
    reader = nn.LSTM(3, return_sequences=True, mask_value=0.0)
    net = cr.Network([reader, nn.Dense(units)], seed=0, dtype="float64")
    net.compile(loss, cr.optim.SGD(rate), metrics=list(chosen))
    net(x)
    return net


def classifier(**arguments: Any) -> cr.Network:
    return network("cross_entropy", CLASSES, **arguments)


def flat(net: cr.Network) -> Any:
    return np.concatenate([each.ravel() for each in net.params.values()])


def entropies(net: cr.Network) -> Any:
    log_p = np.log(net.predict_proba(X))
    return -np.take_along_axis(log_p, LABELS[..., None], axis=-1)[..., 0]


@BY_NUMPY
def test_a_step_is_that_of_the_unpadded_sequences_together() -> None:
    start = flat(network("mse"))
    change, loss = np.zeros_like(start), 0.0
    for length, x, y in zip(LENGTHS[:6], X, AMOUNTS, strict=False):
        if length:
            alone = network("mse", x=x[None, :length])
            part = alone.fit(x[None, :length], y[None, :length], verbose=0)["loss"][0]
            loss += part * length
            change += (flat(alone) - start) * length
    few = network("mse")
    history = few.fit(X[:6], AMOUNTS[:6], batch_size=None, verbose=0)
    np.testing.assert_allclose(history["loss"][0], loss / LENGTHS[:6].sum(), rtol=1e-12)
    np.testing.assert_allclose(flat(few) - start, change / LENGTHS[:6].sum(), atol=1e-12)


@BY_NUMPY
@pytest.mark.parametrize("loss", ["mse", "sse"])
def test_more_padding_at_either_end_changes_nothing(loss: str) -> None:
    wide_X, wide_y = np.zeros((COUNT, STEPS + 2, 2)), np.full((COUNT, STEPS + 2, 1), 1e6)
    wide_X[:, 2:], wide_y[:, 2:] = X, np.where(REAL[..., None], AMOUNTS, -1e6)
    trained = []
    for x, y in ((X, AMOUNTS), (wide_X, wide_y)):
        net = network(loss, rate=0.01, x=x)
        history = net.fit(x, y, epochs=2, batch_size=10, verbose=0)
        trained.append((flat(net), history["loss"], list(net.evaluate(x, y).values())))
    for one, other in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)


@pytest.mark.parametrize("size", [None, 7])
def test_loss_and_metrics_are_those_of_the_real_steps(
    size: int | None, request: pytest.FixtureRequest
) -> None:
    if size is None:
        request.getfixturevalue("numpy_backend")
    names = ["accuracy", "f1", "auc", "precision", "recall", "top_2"]
    net = classifier(chosen=names)
    history = net.fit(
        X, PADDED_LABELS, epochs=2, batch_size=size, validation_data=(X, PADDED_LABELS), verbose=0
    )
    y, outputs = LABELS[REAL], net.predict(X)[REAL]
    expected = {name: metrics.resolve_metric(name).compute(y, outputs) for name in names}
    expected["loss"] = float(np.mean(entropies(net)[REAL]))
    for name, value in net.evaluate(X, PADDED_LABELS).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-12, err_msg=name)
        np.testing.assert_allclose(history[f"val_{name}"][-1], value, rtol=1e-12)
    amounts = network("mse", chosen=["r2", "mae"])
    predicted = amounts.predict(X)[REAL]
    got = amounts.evaluate(X, AMOUNTS)
    np.testing.assert_allclose(got["r2"], metrics.r2(AMOUNTS[REAL], predicted), rtol=1e-12)
    np.testing.assert_allclose(got["mae"], np.mean(np.abs(AMOUNTS[REAL] - predicted)), rtol=1e-12)


BY_CLASS = {0: 1.0, 1: 2.0, 2: 0.5}
BALANCED = REAL.sum() / (CLASSES * np.bincount(LABELS[REAL], minlength=CLASSES))


@pytest.mark.parametrize(
    ("arguments", "weight"),
    [
        ({"sample_weight": STEP_WEIGHT}, STEP_WEIGHT),
        ({"sample_weight": WEIGHT}, WEIGHT[:, None]),
        ({"class_weight": BY_CLASS}, np.array([1.0, 2.0, 0.5])[LABELS]),
        ({"class_weight": "balanced"}, BALANCED[LABELS]),
        (
            {"class_weight": BY_CLASS, "sample_weight": STEP_WEIGHT},
            np.array([1.0, 2.0, 0.5])[LABELS] * STEP_WEIGHT,
        ),
        (
            {"class_weight": BY_CLASS, "sample_weight": WEIGHT},
            np.array([1.0, 2.0, 0.5])[LABELS] * WEIGHT[:, None],
        ),
    ],
)
@pytest.mark.parametrize("is_masked", [True, False])
def test_weights_are_those_of_the_real_steps(
    arguments: Any, weight: Any, is_masked: bool, request: pytest.FixtureRequest
) -> None:
    net, counted, y = classifier(), REAL, PADDED_LABELS
    if not is_masked:
        request.getfixturevalue("numpy_backend")
        layers = [nn.LSTM(3, return_sequences=True), nn.Dense(CLASSES)]
        net = cr.Network(layers, seed=0, dtype="float64")
        net.compile("cross_entropy", "sgd", learning_rate=0.1)
        net(X)
        counted, y = np.ones_like(REAL), LABELS
        if arguments.get("class_weight") == "balanced":
            weight = (LABELS.size / (CLASSES * np.bincount(LABELS.ravel())))[LABELS]
    losses = np.broadcast_to(weight, REAL.shape) * entropies(net)
    history = net.fit(X, y, batch_size=None, verbose=0, **arguments)
    np.testing.assert_allclose(history["loss"][0], np.mean(losses[counted]), rtol=1e-12)


@BY_NUMPY
def test_weights_of_steps_count_in_validation_and_evaluation() -> None:
    net = classifier()
    held_out = (X, PADDED_LABELS, STEP_WEIGHT)
    history = net.fit(X, PADDED_LABELS, batch_size=6, validation_data=held_out, verbose=0)
    expected = np.mean((entropies(net) * STEP_WEIGHT)[REAL])
    np.testing.assert_allclose(history["val_loss"][0], expected, rtol=1e-12)
    got = net.evaluate(X, PADDED_LABELS, sample_weight=STEP_WEIGHT)["loss"]
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [(COUNT, STEPS + 1), (COUNT, 1), (COUNT, STEPS, 1), (STEPS,)])
def test_weights_of_other_shapes_are_refused(shape: Any) -> None:
    net = classifier()
    before = flat(net)
    with pytest.raises(DataError, match="sample_weight has shape"):
        net.fit(X, PADDED_LABELS, sample_weight=np.ones(shape), verbose=0)
    np.testing.assert_array_equal(flat(net), before)
    last = cr.Network([nn.LSTM(3), nn.Dense(CLASSES)])
    last.compile("cross_entropy", "sgd")
    with pytest.raises(DataError, match=r"shape \(20,\)$"):
        last.fit(X, LABELS[:, 0], sample_weight=STEP_WEIGHT, verbose=0)


def test_weights_that_leave_no_real_step_are_refused() -> None:
    with pytest.raises(DataError, match="sample_weight of real steps is 0"):
        classifier().fit(X, PADDED_LABELS, sample_weight=1.0 * ~REAL, verbose=0)
    with pytest.raises(DataError, match="all steps of X are padding"):
        classifier().fit(0 * X, PADDED_LABELS, verbose=0)


@BY_NUMPY
def test_a_loss_of_ones_own_that_returns_steps_leaves_padding_out() -> None:
    def squares(y: Any, p: Any) -> Any:
        return (y - p) ** 2

    def largest(y: Any, p: Any) -> Any:
        return np.max(np.abs(y - p), axis=-1)

    net = network(squares, chosen=[largest])
    got, errors = net.evaluate(X, AMOUNTS), (net.predict(X) - AMOUNTS)[..., 0][REAL]
    np.testing.assert_allclose(got["loss"], np.mean(errors**2), rtol=1e-12)
    np.testing.assert_allclose(got["largest"], np.mean(np.abs(errors)), rtol=1e-12)
    net.fit(X, np.where(REAL[..., None], AMOUNTS, 1e300), verbose=0)

    def total(y: Any, p: Any) -> Any:
        return np.mean((y - p) ** 2)

    net = network(total)
    with pytest.warns(ChainruleWarning, match="the loss total counts padded steps"):
        net.fit(X, AMOUNTS, verbose=0)
    np.testing.assert_allclose(
        net.evaluate(X, AMOUNTS)["loss"], np.mean((net.predict(X) - AMOUNTS) ** 2), rtol=1e-12
    )

    def of_samples(y: Any, p: Any) -> Any:
        return np.mean((y - p) ** 2, axis=(1, 2))

    with pytest.raises(ShapeError, match="one value for each step"):
        network(of_samples).fit(X + 9, AMOUNTS, sample_weight=STEP_WEIGHT, verbose=0)


@BY_NUMPY
def test_names_of_classes_may_be_anything_at_padding() -> None:
    names = np.array(["noun", "verb", "other"])
    tags = np.where(REAL, names[LABELS], "")
    net = classifier(chosen=["accuracy"])
    net.fit(X, tags, epochs=2, verbose=0)
    right = (net.predict_class(X) == tags)[REAL]
    np.testing.assert_allclose(net.evaluate(X, tags)["accuracy"], np.mean(right), rtol=1e-12)


def test_padding_in_words_is_left_out_as_well() -> None:
    words = np.where(REAL, RNG.integers(1, 9, REAL.shape), 0)
    both = nn.Bidirectional(nn.GRU(3, return_sequences=True))
    layers = [nn.Embedding(9, 4, mask_zero=True), both, nn.Dropout(0.1), nn.BatchNorm(),
              nn.Dense(CLASSES, "softmax")]  # fmt: skip
    net = cr.Network(layers, seed=0, dtype="float64")
    net.compile("cross_entropy", "adam", metrics=["accuracy"])
    net.fit(words, PADDED_LABELS, epochs=2, batch_size=8, verbose=0)
    right = (net.predict_class(words) == LABELS)[REAL]
    np.testing.assert_allclose(
        net.evaluate(words, PADDED_LABELS)["accuracy"], np.mean(right), rtol=1e-12
    )


@BY_NUMPY
def test_saved_networks_mask_the_same_steps(tmp_path: Any) -> None:
    net = cr.Network([nn.Masking(0.0), nn.LSTM(3, return_sequences=True), nn.Dense(1)], seed=1)
    net.compile("mse", "adam")
    net.fit(X, AMOUNTS, epochs=2, verbose=0)
    net.save(tmp_path / "net.safetensors")
    again = cr.load(tmp_path / "net.safetensors")
    assert isinstance(again, cr.Network)
    np.testing.assert_array_equal(again.predict(X), net.predict(X))
    assert again.evaluate(X, AMOUNTS) == net.evaluate(X, AMOUNTS)
    tagger = classifier()
    tagger.save(tmp_path / "net.safetensors")
    again = cr.load(tmp_path / "net.safetensors")
    assert isinstance(again, cr.Network)
    assert again.evaluate(X, PADDED_LABELS) == tagger.evaluate(X, PADDED_LABELS)


@pytest.mark.parametrize("layer", [nn.MultiHeadAttention(1), nn.BatchNorm(), nn.GRU(2)])
def test_samples_without_a_real_step_have_finite_gradients(layer: nn.Layer) -> None:
    net = cr.Network([nn.Masking(0.0), layer, nn.Dense(1)], seed=0, dtype="float64")
    net.compile("mse", "sgd", learning_rate=0.01)
    y = AMOUNTS[:, 0] if isinstance(layer, nn.GRU) else AMOUNTS
    net.fit(X, y, epochs=2, batch_size=1, shuffle=False, verbose=0)
    assert np.isfinite(flat(net)).all()
    assert np.isfinite(net.predict(0 * X)).all()


def test_a_loss_that_is_infinite_at_padding_gives_finite_gradients() -> None:
    def logarithms(y: Any, p: Any) -> Any:
        return np.log(p) + np.sqrt(p) - y

    positive = cr.Network([nn.Masking(0.0), nn.Dense(1, "relu", use_bias=False)], dtype="float64")
    positive.compile(logarithms, "sgd")
    x = np.where(REAL[..., None], 1.0 + X**2, 0.0)
    positive(x)
    positive.params["dense.weight"] = np.ones((2, 1))
    history = positive.fit(x, AMOUNTS, epochs=2, verbose=0)
    assert np.isfinite(history["loss"]).all()
    assert np.isfinite(flat(positive)).all()


@BY_NUMPY
def test_a_function_that_leaves_padding_out_itself_is_not_warned_of() -> None:
    """As ``masked_loss`` and ``masked_accuracy`` of the tutorials on translation."""

    def masked_loss(y: Any, p: Any) -> Any:
        is_real = y >= 0
        log_p = np.log(p + 1e-9)
        chosen = np.take_along_axis(log_p, np.maximum(y, 0)[..., None], axis=-1)[..., 0]
        return -np.sum(np.where(is_real, chosen, 0)) / np.sum(is_real)

    def masked_accuracy(y: Any, p: Any) -> Any:
        is_real = y >= 0
        return np.sum((np.argmax(p, axis=-1) == y) & is_real) / np.sum(is_real)

    def counted(y: Any, p: Any) -> Any:
        return np.mean(np.argmax(p, axis=-1) == y)

    layers = [nn.Masking(0.0), nn.GRU(3, return_sequences=True), nn.Dense(CLASSES, "softmax")]
    net = cr.Network(layers, seed=0, dtype="float64")
    net.compile(masked_loss, "sgd", metrics=[masked_accuracy, "accuracy"])
    net.fit(X, PADDED_LABELS, epochs=2, verbose=0)
    got = net.evaluate(X, PADDED_LABELS)
    np.testing.assert_allclose(got["loss"], np.mean(entropies(net)[REAL]), rtol=1e-6)
    np.testing.assert_allclose(got["masked_accuracy"], got["accuracy"], rtol=1e-12)
    net.compile("cross_entropy", "sgd", metrics=[counted])
    with pytest.warns(ChainruleWarning, match="the metric counted counts padded steps"):
        net.fit(X, PADDED_LABELS, verbose=0)

"""Laws of every loss: independent formula, derivatives, extreme and special values, shapes."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from chainrule.autodiff.derivative import grad
from chainrule.errors import ShapeError
from chainrule.graph.array_type import type_of
from chainrule.graph.node import variable
from chainrule.nn.losses.loss import LOSSES
from chainrule.testing import check_grads

generator = np.random.default_rng(0)
REALS = (generator.normal(size=(5, 3)), generator.normal(size=(5, 3)))
CLASSES = np.array([0, 2, 1, 1, 0])
ROWS = np.exp(REALS[0]) / np.exp(REALS[0]).sum(axis=1, keepdims=True)
OTHER_ROWS = np.exp(REALS[1]) / np.exp(REALS[1]).sum(axis=1, keepdims=True)
BITS = (generator.uniform(size=(5, 3)) < 0.5).astype(float)


@dataclass(frozen=True)
class LossSample:
    """A loss, targets and predictions, and the loss of one sample in plain Python."""

    name: str
    y_true: Any
    y_pred: Any
    reference: Callable[[Any, Any], float]
    given: str = ""


def mean(formula: Callable[[float, float], float]) -> Callable[[Any, Any], float]:
    """The mean of a scalar loss over the outputs of a sample."""
    return lambda y, p: sum(map(formula, y, p)) / len(y)


def cross_entropy(y: Any, scores: Any) -> float:
    total = sum(math.exp(score) for score in scores)
    weights = [float(k == y) for k in range(len(scores))] if np.ndim(y) == 0 else y
    return -sum(w * math.log(math.exp(s) / total) for w, s in zip(weights, scores, strict=True))


def binary_cross_entropy(y: float, score: float) -> float:
    p = 1 / (1 + math.exp(-score))
    return -(y * math.log(p) + (1 - y) * math.log(1 - p))


def pinball(y: float, p: float) -> float:
    return 0.5 * abs(y - p)


def huber(y: float, p: float) -> float:
    return (y - p) ** 2 / 2 if abs(y - p) <= 1 else abs(y - p) - 0.5


def cosine_distance(y: Any, p: Any) -> float:
    return 1 - sum(map(float.__mul__, y.tolist(), p.tolist())) / math.hypot(*y) / math.hypot(*p)


SAMPLES = [
    LossSample("mse", *REALS, mean(lambda y, p: (y - p) ** 2)),
    LossSample("sse", *REALS, lambda y, p: math.dist(y, p) ** 2),
    LossSample("mae", *REALS, mean(lambda y, p: abs(y - p))),
    LossSample("huber", *REALS, mean(huber)),
    LossSample("log_cosh", *REALS, mean(lambda y, p: math.log(math.cosh(y - p)))),
    LossSample("quantile", *REALS, mean(pinball)),
    LossSample(
        "poisson",
        np.floor(np.exp(REALS[0])),
        np.exp(REALS[1]),
        mean(lambda y, p: p - y * math.log(p + 1e-7)),
    ),
    LossSample("cosine", *REALS, cosine_distance),
    LossSample("cross_entropy", CLASSES, REALS[1], cross_entropy, "labels"),
    LossSample("cross_entropy", np.eye(3)[CLASSES], REALS[1], cross_entropy, "one-hot"),
    LossSample("cross_entropy", ROWS, REALS[1], cross_entropy, "rows"),
    LossSample("binary_cross_entropy", BITS, REALS[1], mean(binary_cross_entropy)),
    LossSample(
        "hinge", BITS, REALS[1], mean(lambda y, p: max(0.0, 1 - p if y else 1 + p)), "0 and 1"
    ),
    LossSample("hinge", 2 * BITS - 1, REALS[1], mean(lambda y, p: max(0.0, 1 - y * p)), "signs"),
    LossSample(
        "kl_divergence", ROWS, OTHER_ROWS, lambda y, p: sum(y * np.log(y)) - sum(y * np.log(p))
    ),
]

each_loss = pytest.mark.parametrize(
    "sample", SAMPLES, ids=lambda each: f"{each.name} {each.given}".strip()
)
each_name = pytest.mark.parametrize("name", LOSSES)
SCORED = ["cross_entropy", "binary_cross_entropy", "hinge"]


def test_every_loss_has_a_sample() -> None:
    assert {sample.name for sample in SAMPLES} == set(LOSSES)


@each_loss
def test_values_equal_an_independent_formula(sample: LossSample) -> None:
    losses = LOSSES[sample.name](sample.y_true, sample.y_pred)
    expected = [sample.reference(*pair) for pair in zip(sample.y_true, sample.y_pred, strict=True)]
    assert losses.shape == (5,)
    np.testing.assert_allclose(losses, expected, rtol=1e-13)


@each_loss
def test_derivatives_agree_with_finite_differences_to_second_order(sample: LossSample) -> None:
    def by_prediction(y_pred: Any) -> Any:
        return LOSSES[sample.name](sample.y_true, y_pred)

    assert check_grads(by_prediction, (sample.y_pred,), order=2) < 1e-6


@each_loss
def test_a_node_has_the_value_of_an_array(sample: LossSample) -> None:
    loss, node = LOSSES[sample.name], variable(type_of(sample.y_pred), sample.y_pred)
    losses = loss(sample.y_true, node).value
    np.testing.assert_array_equal(losses, loss(sample.y_true, sample.y_pred))


@each_loss
def test_float32_stays_float32(sample: LossSample) -> None:
    y = sample.y_true if sample.given == "labels" else sample.y_true.astype("float32")
    losses = LOSSES[sample.name](y, sample.y_pred.astype("float32"))
    assert losses.dtype == np.float32
    np.testing.assert_allclose(losses, LOSSES[sample.name](y, sample.y_pred), rtol=1e-4)


@each_loss
def test_nan_in_a_prediction_affects_the_loss_of_its_sample_alone(sample: LossSample) -> None:
    y_pred = sample.y_pred.copy()
    y_pred[2, 1] = np.nan
    with np.errstate(invalid="ignore"):  # NumPy's logaddexp warns of NaN
        losses = LOSSES[sample.name](sample.y_true, y_pred)
    assert np.isnan(losses).tolist() == [False, False, True, False, False]


@each_loss
def test_further_axes_are_averaged(sample: LossSample) -> None:
    loss = LOSSES[sample.name]
    y_true, y_pred = sample.y_true[None], sample.y_pred[None]
    total = np.sum(loss(sample.y_true, sample.y_pred))
    expected = total if sample.name == "sse" else total / 5
    np.testing.assert_allclose(loss(y_true, y_pred), [expected], rtol=1e-13)


@each_loss
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_predictions_have_finite_losses_and_gradients(
    sample: LossSample, dtype: str
) -> None:
    positive = sample.name in ("poisson", "kl_divergence")
    extreme = np.resize([1000.0, 1000.0 if positive else -1000.0, 0.0], (5, 3)).astype(dtype)
    node = variable(type_of(extreme), extreme)
    y_true = sample.y_true if sample.given == "labels" else sample.y_true.astype(dtype)
    losses = LOSSES[sample.name](y_true, node)
    gradients = grad(lambda p: np.sum(LOSSES[sample.name](y_true, p)))(extreme)
    assert np.isfinite(losses.value).all()
    assert np.isfinite(gradients).all()


@each_name
def test_the_loss_of_a_perfect_prediction_is_zero(name: str) -> None:
    if name in SCORED or name == "poisson":
        return
    losses = LOSSES[name](ROWS, ROWS)
    np.testing.assert_allclose(losses, 0, atol=1e-15)


@pytest.mark.parametrize("y_true", [CLASSES, ROWS], ids=["labels", "rows"])
@pytest.mark.parametrize("shift", [1e3, -1e6])
def test_shifting_logits_leaves_cross_entropy_unchanged(y_true: Any, shift: float) -> None:
    loss = LOSSES["cross_entropy"]
    losses = loss(y_true, REALS[1] + shift)
    np.testing.assert_allclose(losses, loss(y_true, REALS[1]), atol=1e-9)


@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy"])
def test_the_loss_of_probabilities_equals_that_of_logits(name: str) -> None:
    loss = LOSSES[name]
    y_true = CLASSES if name == "cross_entropy" else BITS
    p = OTHER_ROWS if name == "cross_entropy" else 1 / (1 + np.exp(-REALS[1]))
    plain = loss.of_probabilities()
    assert plain.contains == ""
    np.testing.assert_allclose(plain(y_true, p), loss(y_true, REALS[1]), rtol=1e-12)


@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy", "kl_divergence"])
def test_a_probability_of_zero_for_the_true_class_has_a_finite_loss(name: str) -> None:
    loss = LOSSES[name].of_probabilities()
    losses = loss(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))
    assert 10 < losses[0] < 20


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_classes_of_probability_zero_add_nothing_to_the_divergence(
    dtype: Any,
) -> None:
    y = np.array([[0.0, 1.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]], dtype)
    p = np.array([[0.0, 1.0, 0.0], [0.2, 0.3, 0.5], [1.0, 0.0, 0.0]], dtype)
    divergence = LOSSES["kl_divergence"]
    losses = divergence(y, p)
    expected = [0.0, 0.5 * math.log(0.5 / 0.2) + 0.5 * math.log(0.5 / 0.3), -math.log(1e-7)]
    np.testing.assert_allclose(losses, expected, rtol=1e-6)
    by_y, by_p = grad(lambda y, p: np.sum(divergence(y, p)), argnums=(0, 1))(y, p)
    assert np.isfinite(by_y).all()
    np.testing.assert_allclose(by_p[:2], -y[:2] / np.maximum(p[:2], 1e-7), rtol=1e-6)


def test_the_gradient_of_cross_entropy_is_probability_minus_target() -> None:
    for y, rows in ((CLASSES, np.eye(3)[CLASSES]), (ROWS, ROWS)):
        gradient = grad(lambda s, y=y: np.sum(LOSSES["cross_entropy"](y, s)))(REALS[1])
        np.testing.assert_allclose(gradient, OTHER_ROWS - rows, atol=1e-15)


@pytest.mark.parametrize("error", [0.0, 1.0, -1.0])
def test_derivatives_at_kinks_are_the_documented_ones(error: float) -> None:
    def gradient(name: str) -> float:
        return float(grad(lambda p: np.sum(LOSSES[name](np.zeros(1), p)))(np.array([error]))[0])

    assert gradient("mae") == np.sign(error)
    assert gradient("huber") == error
    assert gradient("log_cosh") == pytest.approx(math.tanh(error))


def test_a_zero_vector_has_cosine_loss_1() -> None:
    losses = LOSSES["cosine"](np.zeros((1, 2)), np.zeros((1, 2)))
    np.testing.assert_array_equal(losses, [1.0])


# ------------------------------------------------------------------------------------- shapes


@each_name
def test_targets_of_the_shape_of_the_predictions_are_accepted(name: str) -> None:
    LOSSES[name].check((8, 3), (8, 3))


@each_name
@pytest.mark.parametrize(
    "shapes",
    [((8, 1), (8, 3)), ((8, 1), (8,)), ((8,), (8, 1)), ((1, 3), (8, 3)), ((3,), (8, 3))],
    ids=str,
)
def test_targets_are_not_broadcast(name: str, shapes: tuple[Any, Any]) -> None:
    if LOSSES[name].takes_labels and shapes[0] == shapes[1][:-1]:
        return
    with pytest.raises(ShapeError, match=name) as caught:
        LOSSES[name].check(*shapes)
    assert str(shapes[0]) in str(caught.value)
    assert str(shapes[1]) in str(caught.value)


def test_class_indices_lack_the_axis_of_classes() -> None:
    LOSSES["cross_entropy"].check((8,), (8, 3))
    LOSSES["cross_entropy"].check((8, 5), (8, 5, 3))


def test_a_column_of_targets_gets_a_suggested_reshape() -> None:
    with pytest.raises(ShapeError, match=r"np.asarray\(y\).reshape\(-1\)"):
        LOSSES["mse"].check((8, 1), (8,))
    with pytest.raises(ShapeError, match=r"np.asarray\(y\).reshape\(-1, 1\)"):
        LOSSES["mse"].check((8,), (8, 1))

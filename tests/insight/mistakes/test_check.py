"""Faulty set-ups as people post them, each with the code to be found, and sound ones with none."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.insight.mistakes.catalogue import CATALOGUE
from chainrule.insight.mistakes.page import entries
from chainrule.insight.mistakes.search import findings
from chainrule.insight.mistakes.subject import Settings, Subject
from chainrule.insight.mistakes.trial import Outcome, Trials, fresh
from chainrule.train.network import model_of

random = np.random.default_rng(0)
X = random.normal(size=(300, 4))
Y3 = np.digitize(X[:, 0] + X[:, 1], [-0.6, 0.6])  # three classes
ONE_HOT = np.eye(3)[Y3]
Y2 = (X[:, 0] + X[:, 1] > 0).astype(int)
AMOUNT = X @ [3.0, 1.0, 0.5, 0.2]
XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])
LABELS = (X > 0).astype(float)  # several a row
IMAGES = random.normal(size=(60, 8, 8, 1))
BITS = random.integers(0, 2, 60)

CE = {"loss": "cross_entropy", "optimizer": "adam", "learning_rate": 0.02}
BCE = {"loss": "binary_cross_entropy", "optimizer": "adam", "learning_rate": 0.02}
MSE = {"loss": "mse", "optimizer": "adam", "learning_rate": 0.02}


def dense(*layers: Any) -> list[nn.Layer]:
    """Return layers of (units, activation), or others as they are."""
    return [nn.Dense(*each) if isinstance(each, tuple) else each for each in layers]


RELU = (16, "relu")
CERTAIN: dict[str, tuple[Any, ...]] = {
    "softmax twice": ("CR001", dense(RELU, (3, "softmax"), nn.Softmax()), CE, X, Y3),
    "relu before softmax": ("CR002", dense(RELU, (3, "relu"), nn.Softmax()), CE, X, Y3),
    "sigmoid and cross-entropy": ("CR002", dense(RELU, (3, "sigmoid")), CE, X, ONE_HOT),
    "tanh and binary cross-entropy": ("CR002", dense(RELU, (1, "tanh")), BCE, X, Y2),
    "softmax of several labels": ("CR007", dense(RELU, (4, "softmax")), MSE, X, LABELS),
    "cross-entropy of several labels": ("CR007", dense(RELU, (4,)), CE, X, LABELS),
    "sigmoid for −1 and 1": ("CR006", dense(RELU, (1, "sigmoid")), MSE, X, 2 * Y2 - 1),
    "bytes of images": (
        "CR031", [nn.Flatten(), nn.Dense(2)], CE, np.round(255 * random.random((60, 8, 8))), BITS,
    ),
    "softmax of one unit": ("CR004", dense(RELU, (1, "softmax")), BCE, X, Y2),
    "softmax before a binary loss": ("CR002", dense(RELU, (3, "softmax")), BCE, X, ONE_HOT),
    "relu for negative amounts": ("CR006", dense(RELU, (1, "relu")), MSE, X, AMOUNT),
    "sigmoid for amounts": ("CR006", dense(RELU, (1, "sigmoid")), MSE, X, AMOUNT + 20),
    "mse of classes": ("CR010", dense(RELU, (3, "softmax")), MSE, X, ONE_HOT),
    "cross-entropy of amounts": ("CR011", dense(RELU, (1, "sigmoid")), BCE, X, AMOUNT),
    "labels from 1": ("CR012", dense(RELU, (3, "softmax")), CE, X, Y3 + 1),
    "three labels, one output": ("CR013", dense(RELU, (1, "sigmoid")), BCE, X, Y3),
    "three targets, two outputs": ("CR014", dense(RELU, (2, "softmax")), CE, X, ONE_HOT),
    "relu of yes or no": ("CR002", dense(RELU, (1, "relu")), MSE, X, Y2),
    "ten outputs for three classes": ("CR015", dense(RELU, (10, "softmax")), CE, X, Y3),
    "accuracy of amounts": ("CR016", dense(RELU, (1,)), MSE | {"metrics": "accuracy"}, X, AMOUNT),
    "dropout before batch norm": (
        "CR022", dense(RELU, nn.Dropout(0.3), nn.BatchNorm(), (3, "softmax")), CE, X, Y3,
    ),
    "dropout of the outputs": ("CR023", dense(RELU, (1,), nn.Dropout(0.5)), MSE, X, AMOUNT),
    "zero weights": (
        "CR025", dense(nn.Dense(8, "tanh", initializer="zeros"), (1, "sigmoid")), BCE, X, Y2,
    ),
    "constant column": ("CR033", dense(RELU, (1,)), MSE, np.c_[X, np.ones(300)], AMOUNT),
    "column twice": ("CR034", dense(RELU, (1,)), MSE, np.c_[X, X[:, 1]], AMOUNT),
    "target among the inputs": ("CR035", dense(RELU, (1,)), MSE, np.c_[X, 2 * AMOUNT], AMOUNT),
    "missing values": ("CR036", dense(RELU, (1,)), MSE, np.where(X > 2, np.nan, X), AMOUNT),
    "rare class": ("CR037", dense(RELU, (1, "sigmoid")), BCE, X, (X[:, 0] > 2.2).astype(int)),
    "rows that do not pair": ("CR039", dense(RELU, (1,)), MSE, X, AMOUNT[:200]),
}  # fmt: skip
TRIED: dict[str, tuple[Any, ...]] = {
    "no hidden activation": ("CR020", dense((8,), (1, "sigmoid")), BCE, *XOR, {}),
    "softmax in the hidden layer": (
        "CR021", dense((4, "softmax"), (4, "softmax"), (3, "softmax")),
        {"loss": "cross_entropy", "optimizer": "sgd", "learning_rate": 0.05}, X, Y3,
        {"epochs": 20},
    ),
    "inputs in the hundreds": (
        "CR030", dense((16, "tanh"), (3, "softmax")), CE, 100 * X + 500, Y3, {"epochs": 20},
    ),
    "rate too low": (
        "CR051", dense(RELU, (3, "softmax")),
        {"loss": "cross_entropy", "optimizer": "sgd", "learning_rate": 1e-5}, X, Y3,
        {"epochs": 20},
    ),
    "rate too high": (
        "CR050", dense(RELU, (1,)), {"loss": "mse", "optimizer": "sgd", "learning_rate": 5.0},
        X, AMOUNT, {"epochs": 10},
    ),
    "inputs and targets in the thousands": (
        "CR032", dense(RELU, (1,)), {"loss": "mse", "optimizer": "sgd"}, 1000 * X[:, :1],
        1e6 * X[:, 0] ** 2, {"epochs": 20},
    ),
    "few steps of a sigmoid network, mae": (
        "CR052", dense((4, "sigmoid"), (1, "sigmoid")),
        {"loss": "mae", "optimizer": cr.optim.SGD(0.05, 0.11, nesterov=True)}, *XOR,
        {"epochs": 1000, "batch_size": 4},
    ),
    "all rows at once": (
        "CR053", dense(RELU, (3, "softmax")), CE | {"learning_rate": 0.005}, X, Y3,
        {"epochs": 5, "batch_size": 300},
    ),
    "one epoch": (
        "CR052", dense(RELU, (1,)), MSE | {"learning_rate": 0.003}, X, AMOUNT, {"epochs": 2},
    ),
}  # fmt: skip
SHORT = ["no hidden activation"]
LONG = [pytest.param(each, marks=pytest.mark.slow) for each in TRIED if each not in SHORT]

GOOD: dict[str, tuple[Any, ...]] = {
    "sigmoids and squares": (dense(RELU, (3, "sigmoid")), MSE, X, ONE_HOT),
    "one against the rest": (dense(RELU, (3, "sigmoid")), BCE, X, ONE_HOT),
    "three classes": (dense(RELU, (3, "softmax")), CE, X, Y3),
    "three classes, logits": (dense(RELU, (3,)), CE, X, Y3),
    "three classes, one-hot": (dense(RELU, (3, "softmax")), CE, X, ONE_HOT),
    "names": (dense(RELU, (3, "softmax")), CE, X, np.array(["a", "b", "c"])[Y3]),
    "yes or no": (dense(RELU, (1, "sigmoid")), BCE, X, Y2 == 1),
    "yes or no, logits": (dense(RELU, (1,)), BCE, X, Y2),
    "yes or no, two outputs": (dense(RELU, (2, "softmax")), CE, X, Y2),
    "amounts": (dense(RELU, (1,)), MSE | {"metrics": "mae"}, X, AMOUNT),
    "amounts in a column": (dense(RELU, (1,)), MSE, X, AMOUNT[:, None]),
    "two amounts": (dense(RELU, (2,)), MSE, X, np.c_[AMOUNT, X[:, 0]]),
    "positive amounts": (dense((16, "relu"), (1, "softplus")), MSE, X, np.abs(AMOUNT) + 1),
    "several labels": (dense(RELU, (4, "sigmoid")), BCE, X, (X > 0).astype(float)),
    "autoencoder": (dense((16, "tanh"), (4,)), MSE, X, X),
    "exclusive or": (dense((8, "tanh"), (1, "sigmoid")), BCE, *XOR),
    "exclusive or, mse": (dense((8, "tanh"), (1, "sigmoid")), MSE, *XOR),
    "dropout after batch norm": (
        dense(RELU, nn.BatchNorm(), nn.Dropout(0.2), (3, "softmax")), CE, X, Y3,
    ),
    "regression by one layer": (dense((1,)), MSE, X, AMOUNT),
    "images": (
        [nn.Conv2D(4, 3, activation="relu"), nn.Flatten(), nn.Dense(1, "sigmoid")], BCE,
        IMAGES + BITS[:, None, None, None], BITS,
    ),
    "a series": ([nn.RNN(8), nn.Dense(1)], MSE, X[:, :, None], X.sum(axis=1)),
    "random targets": (dense(RELU, (1, "sigmoid")), BCE, X, random.integers(0, 2, 300)),
}  # fmt: skip

FAST = {"names", "yes or no", "amounts in a column", "exclusive or", "regression by one layer"}
ONLY_READ = {
    "three classes", "three classes, one-hot", "one against the rest", "yes or no, logits",
    "amounts", "two amounts", "exclusive or, mse",
}  # fmt: skip
"""Those that are trained as others are, and differ in what is read without training."""


def display(found: Any) -> str:
    return found._repr_html_()


def compiled(layers: Sequence[Any], arguments: dict[str, Any]) -> cr.Network:
    net = cr.Network(layers, seed=1)
    net.compile(**arguments)
    return net


@pytest.mark.parametrize("name", CERTAIN)
def test_certain_mistakes_are_named_without_training(name: str):
    code, layers, arguments, inputs, targets = CERTAIN[name]
    found = cr.check(compiled(layers, arguments), inputs, targets, trials=False)
    assert found.codes[0] == code, found
    assert len(set(found.codes)) <= 2, found


@pytest.mark.parametrize("name", [*SHORT, *LONG])
def test_mistakes_of_training_are_named_by_the_change_that_helps(name: str):
    code, layers, arguments, inputs, targets, settings = TRIED[name]
    assert code in cr.check(compiled(layers, arguments), inputs, targets, **settings).codes


@pytest.mark.usefixtures("numpy_backend")
@pytest.mark.parametrize("names", [FAST, pytest.param(GOOD.keys() - FAST, marks=pytest.mark.slow)])
def test_sound_networks_have_no_mistakes(names: set[str]):
    for name in sorted(names):
        layers, arguments, inputs, targets = GOOD[name]
        is_trained = name not in ONLY_READ
        net = compiled(layers, arguments)
        found = cr.check(net, inputs, targets, epochs=40, trials=is_trained)
        assert not found, f"{name}: {found}"
        if is_trained and name != "random targets":  # a note says that nothing was learned
            assert repr(found) == "no mistakes found"


def test_validation_rows_among_the_training_rows_are_counted():
    net = compiled(dense(RELU, (1,)), MSE)
    found = cr.check(net, X, AMOUNT, X[:50], AMOUNT[:50], trials=False)
    assert found.codes == ["CR038"]
    assert "50 of the 50" in found[0].evidence
    assert not cr.check(net, X[50:], AMOUNT[50:], X[:50], AMOUNT[:50], trials=False)


@pytest.mark.usefixtures("numpy_backend")
def test_the_network_stays_as_it_is():
    net = compiled(dense(RELU, (1,)), MSE)
    net.fit(X, AMOUNT, epochs=1, verbose=0)
    before, history = net.params.copy(), net.history
    cr.check(net, X, AMOUNT, epochs=30)
    assert all(np.array_equal(before[name], net.params[name]) for name in before)
    assert net.history is history


def test_a_mistake_has_code_evidence_remedy_and_page():
    found = cr.check(compiled(dense(RELU, (3, "softmax")), CE), X, Y3 + 1, trials=False)
    (mistake,) = found
    assert (mistake.code, mistake.family) == ("CR012", "loss")
    assert mistake.documentation == "docs/mistakes.md#cr012"
    assert str(found).startswith("CR012 labels out of range\n")
    assert str(found) == repr(mistake)
    assert "1 to 3" in mistake.evidence
    assert f"<td>{mistake.name}</td>" in display(found)
    with pytest.raises(cr.errors.ArgumentError, match="no network"):
        cr.check(X, X, Y3)  # pyright: ignore[reportArgumentType]


def test_every_code_raised_is_in_the_catalogue_and_on_the_page():
    source = Path(cr.__file__).parent / "insight" / "mistakes"
    raised = {
        code
        for path in source.glob("*.py")
        if path.name != "catalogue.py"
        for code in re.findall(r'"(CR\d+)"', path.read_text())
    }
    assert raised == CATALOGUE.keys()
    page = (Path(__file__).parents[3] / "docs" / "mistakes.md").read_text()
    assert page.endswith(entries())


@pytest.mark.usefixtures("numpy_backend")
def test_a_first_loss_far_above_that_of_a_guess_is_reported_of_a_network_that_fails():
    random = np.random.default_rng(0)
    X = random.normal(size=(60, 4)) * 300
    y = (X[:, 0] > 0).astype(int)
    net = cr.Network([nn.Dense(4, activation="relu"), nn.Dense(2, activation="softmax")])
    net.compile(loss="cross_entropy", optimizer=cr.optim.SGD(1e-9))
    (found,) = [each for each in cr.check(net, X, y, epochs=2) if each.code == "CR065"]
    assert "equal probabilities of 2 classes is ln 2 = 0.693" in found.evidence


def test_pixels_that_never_change_are_no_mistake():
    pixels = random.random((60, 64)) * (np.arange(64) % 8 > 0)
    assert not cr.check(compiled(dense(RELU, (3,)), CE), pixels, Y3[:60], trials=False)


class Sign(nn.Layer):
    def forward(self, x: Any) -> Any:
        return np.sign(x)


class Pair(nn.Layer):
    def build(self, input_shape: Any):
        self.used = self.parameter("used", input_shape[-1:])
        self.spare = self.parameter("spare", input_shape[-1:])

    def forward(self, x: Any) -> Any:
        return x * self.used


def wrong(y_true: Any, y_pred: Any) -> Any:
    return np.mean(np.argmax(y_pred, axis=-1) != y_true)


@pytest.mark.usefixtures("numpy_backend")
def test_weights_without_a_gradient_are_named():
    noise = random.normal(size=300)  # that no change would help to learn
    for layers, loss, y, named in (
        (dense((8,), Sign(), (1,)), "mse", noise, "'dense'"),
        ([Pair(), nn.Dense(1)], "mse", noise, "'pair.spare'"),
        (dense(RELU, (3,)), wrong, Y3, "does not depend on any parameter"),
    ):
        net = compiled(layers, {"loss": loss, "optimizer": "adam", "learning_rate": 0.05})
        (found,) = [x for x in cr.check(net, X, y, epochs=4) if x.code == "CR024"]
        assert named in found.evidence


@pytest.mark.usefixtures("numpy_backend")
def test_trained_weights_and_those_of_a_frozen_base_are_not_accused():
    base = compiled(dense((16, "relu"), (3,)), CE)
    base.fit(X, Y3, epochs=40, verbose=0)
    base.fit(X, Y3, epochs=1, verbose=0)  # learned before: the epoch is not too few
    assert not cr.check(base, X, Y3)
    base.trainable = False
    head = compiled([base, nn.Dense(2)], CE)
    assert not cr.check(head, X, Y3 == 2, epochs=30)


@pytest.mark.usefixtures("numpy_backend")
@pytest.mark.slow
def test_a_rate_that_is_found_by_reading_and_by_trial_is_named_before_another_optimiser():
    net = compiled(dense(RELU, (1,)), {"loss": "mse", "optimizer": cr.optim.SGD(50.0)})
    codes = cr.check(net, X[:60], AMOUNT[:60], epochs=25, batch_size=20).codes
    assert codes[0] == "CR050"
    assert len(codes) == len(set(codes))


def test_a_loss_or_layer_that_no_copy_can_be_made_of_is_said():
    class Counted(nn.Layer):
        made = 0

        def __init__(self):
            Counted.made += 1
            assert Counted.made == 1

        def forward(self, x: Any) -> Any:
            return x

    found = cr.check(compiled(dense(Counted(), (1,)), MSE), X, AMOUNT)
    assert not found
    assert "copies could not be trained" in str(found)
    assert "copies could not be trained" in display(found)


@pytest.mark.usefixtures("numpy_backend")
def test_labels_of_each_step_are_classes_and_layers_that_adapt_are_tried():
    words = random.integers(1, 5, (60, 3))
    tagger = compiled([nn.Embedding(5, 4), nn.LSTM(4, return_sequences=True), nn.Dense(2)], CE)
    assert not cr.check(tagger, words, words > 2, trials=False)
    net = compiled([nn.Normalization(), nn.Dense(1)], MSE | {"learning_rate": 0.1})
    found = cr.check(net, X[:50] * 100, AMOUNT[:50], epochs=40, batch_size=10)
    assert str(found) == "no mistakes found"


def test_a_loss_of_the_wrong_sign_is_named_and_others_of_ones_own_are_not():
    losses = (
        (lambda y, p: -np.mean((p[:, 0] - y) ** 2), ["CR017"]),
        (lambda y, p: np.mean(np.abs(p[:, 0] - y)), []),
        (lambda y, p: np.mean(np.log1p(np.exp(-y * p[:, 0]))), []),  # of logits
        (lambda y, p: -np.corrcoef(y, p[:, 0])[0, 1], []),
    )
    for loss, codes in losses:
        net = compiled(dense((1,)), {"loss": loss})
        assert cr.check(net, X, np.sign(AMOUNT), trials=False).codes == codes


@pytest.mark.usefixtures("numpy_backend")
def test_targets_that_only_training_samples_tell_are_remarked_on():
    shuffled = np.random.default_rng(1).permutation(Y3[:60])
    found = cr.check(compiled(dense((64, "relu"), (3,)), CE), X[:60], shuffled, epochs=50)
    assert not found
    assert "unrelated to the inputs" in found.note
    assert str(found).endswith(found.note)


def test_trials_have_whole_batches_and_never_more_than_the_operations_of_one():
    wide = [nn.Flatten(), nn.Dense(2048, "relu"), nn.Dense(2048, "relu"), nn.Dense(2)]
    images, labels = np.zeros((3000, 8, 8), "float32"), np.arange(3000) % 2
    for layers, data, size, (count, is_complete) in (
        (dense(RELU, (3,)), (X, Y3), 32, (224, True)),
        (dense(RELU, (3,)), (X, Y3), 400, (225, True)),
        (dense((8, "tanh"), (1,)), XOR, 32, (4, True)),
        (wide, (images, labels), 50, (400, False)),
    ):
        net = compiled(layers, CE if len(data[0]) > 4 else BCE)
        net(data[0][:1])
        settings = Settings(epochs=20, batch_size=size)
        subject = Subject(net, model_of(net), *data, None, None, settings)
        trials = Trials(subject, *data)
        assert (trials.count, trials.is_complete) == (count, is_complete)


def test_a_network_that_no_change_improves_by_half_of_the_rest_is_not_accused(
    monkeypatch: pytest.MonkeyPatch,
):
    def explaining(score: float) -> Outcome:
        return Outcome(None, [1.0], score, score)

    net = compiled(dense(RELU, (3,)), CE)
    net(X[:1])
    trials = Trials(Subject(net, model_of(net), X, Y3, None, None, Settings(20)), X, Y3)
    monkeypatch.setattr(trials, "run", lambda recipe, seed=0: explaining(0.5))
    assert findings(trials, explaining(0.4)) is None
    assert findings(trials, explaining(0.1))


def test_layers_are_made_anew_from_arguments_of_any_kind():
    class Varied(nn.Layer):
        def __init__(self, first: float, *more: float, factor: float = 1.0, **others: float):
            self.value = first + sum(more) + factor + others["extra"]

        def forward(self, x: Any) -> Any:
            return x * self.value

    assert fresh(Varied(1.0, 2.0, factor=3.0, extra=4.0)).forward(1.0) == 10.0

"""Exercises: right answers pass, wrong ones get the smallest counter-example and their hint."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import lab, nn
from chainrule.errors import ArgumentError
from chainrule.insight.lab.catalogue.registry import EXERCISES
from chainrule.insight.lab.exercise import Exercise, cases_of
from chainrule.insight.lab.judge import judge


@pytest.fixture(autouse=True)
def own_score_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_LAB", str(tmp_path))


def test_each_solution_passes_and_each_known_mistake_gets_its_hint() -> None:
    assert len(EXERCISES) > 50
    for exercise in EXERCISES.values():
        assert judge(exercise, exercise.answer_of(exercise.solution)), exercise.name
        for mistake in exercise.mistakes:
            assert mistake.old in exercise.solution, (exercise.name, mistake.old)
            wrong = exercise.solution.replace(mistake.old, mistake.new)
            verdict = judge(exercise, exercise.answer_of(wrong))
            assert (verdict.passed, verdict.hint) == (False, mistake.hint), (exercise.name, verdict)


def test_templates_are_programs_without_the_answer() -> None:
    for exercise in EXERCISES.values():
        assert not judge(exercise, exercise.answer_of(exercise.template())), exercise.name
        assert exercise.template() in str(lab.show(exercise.name))


def test_there_is_an_exercise_for_each_activation_and_loss() -> None:
    from chainrule.nn.activations.activation import ACTIVATIONS
    from chainrule.nn.losses.loss import LOSSES

    assert set(ACTIVATIONS) | set(LOSSES) <= set(EXERCISES)


def test_the_convolution_is_that_of_the_layer() -> None:
    case = cases_of(EXERCISES["convolution_forward"])[-1]
    x, W = case.inputs["x"], case.inputs["W"]
    layer = nn.Conv2D(1, W.shape, use_bias=False)
    image = x[None, ..., None]
    layer(image)  # makes its weight
    layer.weight.value = W[:, :, None, None]
    np.testing.assert_allclose(layer(image)[0, ..., 0], case.expected[0])


class DuplicatingPool:
    """All that are equal to the largest get the gradient."""

    def forward(self, x: Any) -> Any:
        self.x = x
        n, height, width, channels = x.shape
        self.squares = x.reshape(n, height // 2, 2, width // 2, 2, channels)
        self.y = self.squares.max(axis=(2, 4))
        return self.y

    def backward(self, d: Any) -> Any:
        mask = self.squares == self.y[:, :, None, :, None]
        return (mask * d[:, :, None, :, None]).reshape(self.x.shape)


class SharingPool(DuplicatingPool):
    """Each of the largest gets an equal share: another subgradient."""

    def backward(self, d: Any) -> Any:
        mask = self.squares == self.y[:, :, None, :, None]
        mask = mask / mask.sum(axis=(2, 4), keepdims=True)
        return (mask * d[:, :, None, :, None]).reshape(self.x.shape)


class IntegerPool(SharingPool):
    """The gradient is stored into an array of the dtype of the image."""

    def backward(self, d: Any) -> Any:
        gradient = np.zeros_like(self.x)
        for n, i, j, c in np.ndindex(d.shape):
            square = self.x[n, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, c]
            p, q = np.unravel_index(square.argmax(), (2, 2))
            gradient[n, 2 * i + p, 2 * j + q, c] = d[n, i, j, c]
        return gradient


class Softmax:
    def forward(self, x: Any) -> Any:
        self.p = _softmax(x)
        return self.p

    def backward(self, d: Any) -> Any:
        jacobians = [np.diag(p) - np.outer(p, p) for p in self.p]
        return np.stack([J @ row for J, row in zip(jacobians, d, strict=True)])


class UnscaledDropout:
    """What stays is not scaled."""

    def forward(self, x: Any, u: Any, rate: float) -> Any:
        self.mask = u > rate
        return np.where(self.mask, x, 0.0)

    def backward(self, d: Any) -> Any:
        return d * self.mask


def loop_over_rows(x: Any, d: Any) -> Any:
    result = np.zeros(x.shape)
    for n, row in enumerate(x):
        p = np.exp(row) / np.exp(row).sum()
        result[n] = np.diag(p * (1 - p)) @ d[n]
    return result


def flipped(x: Any, W: Any) -> Any:
    W, (i, j) = W[::-1, ::-1], W.shape
    windows = np.lib.stride_tricks.sliding_window_view(x, (i, j))
    return np.einsum("pqij,ij->pq", windows, W)


WRONG: list[tuple[str, Any, str]] = [
    ("tanh", lambda x: -(1 - np.tanh(x) ** 2), "sign"),
    ("tanh", np.tanh, "f(x) itself"),
    ("sigmoid", lambda x: x * (1 - x), "not x (1 - x)"),
    ("sigmoid_from_output", lambda y: np.exp(-y) / (1 + np.exp(-y)) ** 2, "y is taken for x"),
    ("mse", lambda y, p: p - y, ""),
    ("mse", lambda y, p: 2 * (p - y), "1/(N K)"),
    ("mse", lambda y, p: 2 * np.sum(p - y, axis=0) / p.size, "summed over axis 0"),
    ("softmax_cross_entropy", lambda y, z: (_softmax(z) - y) / z.size, "no mean"),
    ("softmax", loop_over_rows, "diagonal"),
    ("dense", lambda x, W, b, d: (d @ W.T, d.T @ x, d.sum(0)), "transposed"),
    ("dense", lambda x, W, b, d: [d @ W.T, x.T @ d, d.sum(0, keepdims=True)], "keepdims"),
    ("broadcast_sum", lambda d: d.sum(axis=-1), "axis 0"),
    ("max_pooling", DuplicatingPool, "tie"),
    ("max_pooling", IntegerPool, "truncated"),
    ("dropout", UnscaledDropout, "1 - rate"),
    ("convolution_forward", flipped, "mirrored"),
    ("relu", lambda x: 1 if x > 0 else 0, "np.where"),
    ("tanh", lambda x: np.round(1 - np.tanh(x) ** 2).astype(int), "integers"),
    ("sgd", lambda w, g, rate: w + rate * g, "sign"),
    ("adam", lambda w, g, m, v, rate, t: _adam_without_correction(w, g, m, v, rate), "bias"),
]


def _softmax(z: Any) -> Any:
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def _adam_without_correction(w: Any, g: Any, m: Any, v: Any, rate: float) -> Any:
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return w - rate * m / (1 - 0.0) / np.sqrt(v), m, v


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG, ids=[row[0] for row in WRONG])
def test_a_hint_names_the_mistake(name: str, answer: Any, hint: str) -> None:
    verdict = lab.check(name, answer)
    assert not verdict
    assert hint in verdict.hint, verdict


def test_other_right_answers_pass() -> None:
    assert lab.check("mse", lambda p, y: 2 * (p - y) / p.size)  # named as the task names them
    assert not lab.check("mse", lambda a, b: 2 * (a - b) / a.size)
    assert lab.check("max_pooling", SharingPool)
    assert lab.check("max_pooling", SharingPool())  # an instance
    assert lab.check("relu", lambda x: x > 0)
    assert lab.check("softmax", Softmax)  # a class where a function of x and d is asked for
    assert lab.check("tanh", lambda x: [1 / np.cosh(each) ** 2 for each in x])
    names = ("∂L/∂x", "∂L/∂W", "∂L/∂b")
    dense = lambda x, W, b, d: dict(zip(names, (d @ W.T, x.T @ d, d.sum(0)), strict=True))  # noqa: E731
    assert lab.check("dense", dense)


def test_the_counter_example_is_the_smallest_and_the_first_wrong_index_is_named() -> None:
    def wrong_from_three_on(x: Any) -> Any:
        right = 1 - np.tanh(x) ** 2
        return np.where(np.arange(len(x)) == 2, 1.5 * right, right)

    verdict = lab.check("tanh", wrong_from_three_on)
    assert len(verdict.inputs["x"]) == 3
    assert verdict.index == (2,)
    assert verdict.relative_error == pytest.approx(0.5)
    text = str(verdict)
    assert text.startswith("✗ tanh: f'(x) is wrong in 1 of 3 entries")
    assert "first wrong index [2]" in text
    assert "relative error 0.5" in text
    assert repr(verdict) == text
    assert "<pre>" in verdict._repr_html_()


def test_an_exception_is_shown_as_that_of_the_answer() -> None:
    def divides(x: Any) -> Any:
        return x / len(x[1:]) if len(x) > 1 else undefined_name  # noqa: F821

    verdict = lab.check("tanh", divides)
    assert isinstance(verdict.error, NameError)
    assert verdict.cases == 1
    assert "undefined_name" in str(verdict)
    assert "in divides" in str(verdict)
    assert "insight/lab" not in str(verdict).replace("tests/insight/lab", "")


def in_place(x: Any) -> Any:
    x -= 0.0
    x[...] = np.tanh(x)
    return 1 - x * x


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (in_place, "changed in place"),
        (lambda x: None, "return statement"),
        (lambda x: "1", "a str"),
        (lambda x: np.array([1j]), "complex128"),
        (lambda x: [1, [2]], "an array of numbers"),
        (lambda x: (1 - np.tanh(x) ** 2)[:, None], "shape (1, 1); (1,) is expected"),
        (lambda x: x * np.nan, "nan instead of"),
    ],
)
def test_what_is_no_result_is_refused_in_words(answer: Callable[..., Any], words: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert words in str(lab.check("tanh", answer))


def test_too_few_results_are_counted() -> None:
    verdict = lab.check("dense", lambda x, W, b, d: (d @ W.T, x.T @ d))
    assert "a tuple of 2; 3 values are expected" in str(verdict)


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("tanj", np.tanh, "did you mean 'tanh'"),
        (np.tanh, "tanh", "the first argument is the name"),
        ("tanh", np.zeros(3), "is a function, got ndarray"),
        ("tanh", lambda x, y: x, "takes (x), <lambda> takes (x, y)"),
        ("max_pooling", lambda x: x, "has no forward and no backward"),
    ],
)
def test_what_is_no_answer_is_an_error(name: Any, answer: Any, words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        lab.check(name, answer)
    assert words in str(caught.value)


def test_the_table_lists_what_is_done() -> None:
    lab.check("tanh", lambda x: 1 - np.tanh(x) ** 2)
    lab.check("relu", lambda x: x)
    rows = {row.name: row for row in lab.exercises()}
    assert len(rows) == len(lab.exercises()) == len(EXERCISES)
    assert rows["tanh"].done
    assert not rows["relu"].done
    assert rows["relu"].attempts == 1
    assert "<td>tanh</td>" in lab.exercises()._repr_html_()


def test_the_module_is_a_part_of_the_package() -> None:
    import chainrule.lab as imported

    assert imported is cr.lab
    with pytest.raises(AttributeError, match=r"lab has no 'submit'; here it is lab\.check"):
        _ = cr.lab.submit


def test_foreign_keywords_are_answered() -> None:
    for call in (lab.check, lab.exercises, lab.score, lab.show, lab.solution):
        with pytest.raises(ArgumentError, match="there is no argument `a_foreign_name`"):
            call(a_foreign_name=1)  # type: ignore[call-arg]
    with pytest.raises(ArgumentError, match="here it is `name`"):
        lab.show(exercise="tanh")  # type: ignore[call-arg]


def test_an_exercise_without_a_known_mistake_gives_its_own_hint() -> None:
    exercise: Exercise = EXERCISES["tanh"]
    assert judge(exercise, lambda x: np.cos(3 * x)).hint == exercise.hint

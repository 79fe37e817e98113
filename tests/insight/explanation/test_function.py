"""Functions explained: equations of the user's variables, steps of a calculus course."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError


def test_a_function_of_a_number_is_differentiated_step_by_step() -> None:
    (steps,) = cr.explain(lambda x: np.tanh(3 * x + 1) / (1 + x**2), 0.5).steps
    assert [each.rule.split(":")[0] for each in steps.steps] == [
        "constant factor", "sum rule", "chain rule", "power rule", "sum rule", "quotient rule",
    ]  # fmt: skip
    assert str(steps.steps[2]).startswith("(tanh(3 x + 1))′ = 3 (1 − tanh(3 x + 1)²)")


SCALARS: list[tuple[Any, float]] = [
    (lambda x: x**2 * np.sin(x), 1.3),
    (lambda x: 3.0 * x**3 - x / 2 + np.log(x), 2.0),
    (lambda x: np.exp(-(x**2)) * np.cos(3 * x), 0.4),
    (lambda x: np.sqrt(1 + x**4) / x, 0.7),
    (lambda x: x**x, 1.7),
    (lambda x: np.maximum(x, 2 * x - 1) ** 3, 2.5),
    (lambda x: 1 / (1 + np.exp(-x)), -0.3),
    (lambda x: np.arctan2(x, 2.0) * np.abs(x), -1.5),
    (lambda x: np.where(x > 0, np.sin(x), x**2), -1.5),
]


@pytest.mark.parametrize("place", range(len(SCALARS)))
def test_school_rules_and_the_chain_rule_agree(place: int) -> None:
    from chainrule.insight.notation.evaluation import evaluate
    from chainrule.insight.notation.expression import Name

    function, x = SCALARS[place]
    explanation = cr.explain(function, x)
    (steps,) = explanation.steps
    found = evaluate(steps.derivative, (), {Name("x"): x}, 1)
    np.testing.assert_allclose(found, cr.grad(function)(x), rtol=1e-12)
    for equation in explanation:
        assert equation.certificate is not None
        assert equation.certificate.formula_error < 1e-12
        assert (equation.certificate.difference_error or 0) < 1e-8


def test_equations_have_the_names_of_the_users_variables() -> None:
    def loss(W1: Any, b1: Any, x: Any, y: Any) -> Any:
        z1 = x @ W1 + b1
        error = np.tanh(z1) - y
        return np.mean(error**2)

    random = np.random.default_rng(0)
    args = [random.standard_normal(shape) for shape in ((2, 3), (3,), (5, 2), (5, 3))]
    explanation = cr.explain(loss, *args)
    assert list(map(str, explanation))[:6] == [
        "z₁ = x W₁ + b₁",
        "error = tanh(z₁) − y",
        "loss = (1/15) Σᵢⱼ error²",
        "δ_error = 2 error/15",
        "δ_z1 = δ_error ⊙ (1 − tanh(z₁)²)",
        "∂loss/∂W₁ = xᵀ δ_z1",
    ]
    assert explanation["W1"].certificate is not None


def test_softmax_and_cross_entropy_of_plain_numpy_simplify_too() -> None:
    def loss(z: Any, y: Any) -> Any:
        e = np.exp(z - np.max(z, axis=1, keepdims=True))
        return -np.mean(np.sum(y * np.log(e / np.sum(e, axis=1, keepdims=True)), axis=1))

    z = np.random.default_rng(0).standard_normal((4, 3))
    explanation = cr.explain(loss, z, np.eye(3)[[0, 1, 2, 0]])
    for equation in explanation:
        assert equation.certificate is not None
        assert equation.certificate.formula_error < 1e-12


def test_a_loop_is_explained_as_a_recurrence() -> None:
    def last(x: Any, U: Any) -> Any:
        def step(h: Any, row: Any) -> Any:
            return np.tanh(row + h @ U), None

        h, _ = cr.scan(step, np.zeros(2), x)
        return np.sum(h)

    random = np.random.default_rng(0)
    explanation = cr.explain(last, random.standard_normal((4, 2)), random.standard_normal((2, 2)))
    assert "h_{t} = tanh(x_{t} + Uᵀ h_{t-1})" in [
        str(each).replace("ₜ₋₁", "_{t-1}").replace("ₜ", "_{t}") for each in explanation
    ]
    for equation in explanation:
        assert equation.certificate is not None
        assert equation.certificate.formula_error < 1e-12


def test_what_has_no_derivative_is_refused() -> None:
    with pytest.raises(ArgumentError, match="no argument holds floats"):
        cr.explain(lambda n: n * 2.0, np.arange(3))
    with pytest.raises(ArgumentError, match=r"returns f64\[\], f64\[\]; .*explain one result"):
        cr.explain(lambda x: (x, x), 1.0)
    with pytest.raises(ArgumentError, match=r"returns i64\[\]; .*compute with floats"):
        cr.explain(lambda x: 3, 1.0)
    with pytest.raises(ArgumentError, match=r"returns no array or number; .*return the value"):
        cr.explain(lambda x: print(end=""), 1.0)


def test_an_if_is_explained_by_the_branch_taken_and_a_constant_by_zero() -> None:
    def bent(x: Any) -> Any:
        return x**2 if x > 0 else -x

    assert list(map(str, cr.explain(bent, 2.0))) == ["bent = x²", "∂bent/∂x = 2 x"]
    assert list(map(str, cr.explain(bent, -2.0))) == ["bent = −x", "∂bent/∂x = −1"]
    explanation = cr.explain(lambda x, c: 3.0 * c, 1.0, 2.0)
    assert list(map(str, explanation)) == ["f = 3 c", "∂f/∂x = 0", "∂f/∂c = 3"]
    assert str(explanation.steps[0]).endswith("constant: (c)′ = 0")


def test_a_network_with_targets_is_explained_as_by_its_method() -> None:
    net = cr.Network([cr.nn.Dense(1)], seed=0)
    net.compile(loss="mse")
    X, y = np.ones((3, 2)), np.zeros((3, 1))
    assert str(cr.explain(net, X, y)) == str(net.explain(X, y))


def _descended(w: Any, X: Any, y: Any) -> Any:
    for _ in range(2):
        g = X.T @ (X @ w - y)
        w = w - 0.1 * g
    return np.sum(w**2)


def test_values_of_one_name_are_told_apart_and_identities_that_fail_are_not_used() -> None:
    random = np.random.default_rng(0)
    v, X = random.standard_normal(3), random.standard_normal((4, 3))
    functions: list[tuple[Any, ...]] = [
        (_descended, v, X, X[:, 0]),
        (lambda p, q: p["w"] * q["w"], {"w": 2.0}, {"w": 3.0}),
        (np.prod, v),
        (lambda x: np.sum(np.maximum(x, 0.0)), np.zeros(3)),
        (lambda n, x: n * x, np.int64(3), 2.0),
        (lambda x: cr.cond(x > 0, lambda x: x**2, lambda x: -x, x), 1.5),
        (lambda x: np.floor(x) * x, 2.7),
        (lambda x, y: np.stack([x, y])[1] * np.stack([x, y, x])[0], v, v),
    ]
    for function, *args in functions:
        explanation = cr.explain(function, *args)
        assert all(each.is_confirmed for each in explanation), str(explanation)
        assert explanation.latex().isascii()


def test_an_equation_that_is_not_confirmed_says_so_in_all_three_forms() -> None:
    with pytest.warns(cr.ChainruleWarning, match="the function is nan"):
        explanation = cr.explain(lambda x: np.sum(x**2), np.array([1.0, np.nan]))
    assert "NOT CONFIRMED" in str(explanation)
    assert "NOT CONFIRMED" in explanation.html()
    assert "not confirmed" in explanation.latex()


def test_a_wrong_derivative_is_marked_as_not_confirmed() -> None:
    square = cr.custom_vjp(
        lambda x: (x**2, x),
        lambda x, cotangent: (3 * x * cotangent,),  # 2 x is right
    )
    explanation = cr.explain(lambda x: np.sum(square(x)), np.array([1.0, 2.0]))
    gradient = explanation["x"]
    assert gradient.certificate is not None
    assert gradient.certificate.difference_error == pytest.approx(1 / 3)
    assert not gradient.is_confirmed
    for text in (str(explanation), explanation.html(), explanation.latex()):
        assert "not confirmed" in text.lower()


_VECTOR = np.array([0.5, -1.0, 2.0])
_MATRIX = np.array([[3.0, 0.5, 0.1], [-0.2, 2.0, 0.3], [0.4, 0.7, 4.0]])

TEXTBOOK: list[tuple[Any, tuple[Any, ...], list[str]]] = [
    (lambda x: x**x, (1.7,), ["f = xˣ", "∂f/∂x = xˣ (1 + ln(x))"]),
    (lambda x: np.sqrt((1 + x) / (1 - x)), (0.3,),
     ["f = √((1 + x)/(1 − x))", "∂f/∂x = 1/(√((1 + x)/(1 − x)) (1 − x)²)"]),
    (lambda x: np.tan(x**2), (0.3,), ["f = tan(x²)", "∂f/∂x = 2 x (tan(x²)² + 1)"]),
    (lambda x: np.arcsin(x), (0.3,), ["f = arcsin(x)", "∂f/∂x = 1/√(1 − x²)"]),
    (lambda x: np.cosh(x) * np.sinh(x), (0.3,),
     ["f = cosh(x) sinh(x)", "∂f/∂x = cosh(x)² + sinh(x)²"]),
    (lambda x: cr.cond(x > 0, lambda x: x**2, lambda x: -x, x), (1.5,),
     ["f = {x² if x > 0; −x otherwise}", "∂f/∂x = {2 x if x > 0; −1 otherwise}"]),
    (lambda x, A: x @ A @ x, (_VECTOR, _MATRIX),
     ["f = xᵀ A x", "∂f/∂x = Aᵀ x + A x", "∂f/∂A = x xᵀ"]),
    (lambda A, x, b: np.sum((A @ x - b) ** 2), (_MATRIX, _VECTOR, _VECTOR),
     ["f = Σᵢ (A x − b)²", "∂f/∂A = 2 (A x − b) xᵀ", "∂f/∂x = 2 (Aᵀ (A x − b))",
      "∂f/∂b = 2 (b − A x)"]),
    (lambda A, B: np.trace(A @ B), (_MATRIX, _MATRIX + 1),
     ["f = Σᵢⱼ A ⊙ Bᵀ", "∂f/∂A = Bᵀ", "∂f/∂B = Aᵀ"]),
    (lambda A: np.linalg.slogdet(A)[1], (_MATRIX,), ["f = slogdet(A)", "∂f/∂A = A⁻ᵀ"]),
    (lambda A, b: np.sum(np.linalg.solve(A, b)), (_MATRIX, _VECTOR),
     ["f = Σᵢ A⁻¹ b", "∂f/∂A = −(A⁻ᵀ 1) (A⁻¹ b)ᵀ", "∂f/∂b = A⁻ᵀ 1"]),
    (np.prod, (_VECTOR,), ["prod = a₀ a₁ a₂", "∂prod/∂a = concat(a₂ a₁, a₂ a₀, a₀ a₁)"]),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(TEXTBOOK)))
def test_derivatives_are_as_short_as_those_of_textbooks(place: int) -> None:
    function, args, expected = TEXTBOOK[place]
    explanation = cr.explain(function, *args)
    assert list(map(str, explanation)) == expected
    assert all(each.is_confirmed for each in explanation)


def test_array_constants_are_stated_with_their_values() -> None:
    weights = np.array([1.0, 4.0, 1.0])
    text = str(cr.explain(lambda x: np.sum(weights * x**2), _VECTOR))
    assert "with: C_1 = [1., 4., 1.]" in text


@pytest.mark.parametrize(("function", "point"), [(lambda x: 1 / x, 0.0), (np.log, -1.0)])
def test_a_point_at_which_the_function_has_no_value_is_warned_of(
    function: Any, point: float
) -> None:
    with pytest.warns(cr.ChainruleWarning, match="has no derivative there"):
        cr.explain(lambda x: function(x), point)

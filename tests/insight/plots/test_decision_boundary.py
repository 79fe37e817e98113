"""The plot of a decision boundary: where it lies, for all that classifies."""

from typing import Any

import numpy as np
import pytest

from chainrule.errors import DataError
from chainrule.insight import plot


@pytest.mark.parametrize("kind", ["bands", "smooth_bands"])
def test_the_decision_boundary_is_where_the_class_changes(
    kind: str, points: Any, request: pytest.FixtureRequest
) -> None:
    axes = plot.decision_boundary(request.getfixturevalue(kind), *points).axes[0]
    lines = [path.vertices for each in axes.collections for path in _contours(each)]
    crossings = np.concatenate(lines)[:, 0]
    assert np.abs(crossings[:, None] - [0.0, 1.0]).min(axis=1).max() < 0.02
    assert {round(float(each)) for each in crossings} == {0, 1}


def test_a_single_sigmoid_output_gives_a_smooth_boundary() -> None:
    class Single:
        def predict_class(self, X: Any) -> Any:
            return (self.predict_proba(X)[:, 0] > 0.5).astype(int)

        def predict_proba(self, X: Any) -> Any:
            return 1 / (1 + np.exp(-4 * (X[:, :1] - X[:, 1:])))

    axes = plot.decision_boundary(Single(), [[0.0, 0.0], [1.0, 1.0]], [0, 1]).axes[0]
    (contour,) = [path for each in axes.collections for path in _contours(each)]
    np.testing.assert_allclose(*contour.vertices.T, atol=1e-6)


def _contours(collection: Any) -> Any:
    return [
        path for path in collection.get_paths() if type(collection).__name__ == "QuadContourSet"
    ]


def test_every_sample_has_the_marker_of_its_class(bands: Any, points: Any) -> None:
    X, y = points
    axes = plot.decision_boundary(bands, X, y[:, None]).axes[0]
    drawn = {
        each.get_label(): np.asarray(each.get_offsets())
        for each in axes.collections
        if type(each).__name__ == "PathCollection"
    }
    assert list(drawn) == ["0", "1", "2", "mistaken: 2 of 30"]
    np.testing.assert_array_equal(drawn.popitem()[1], X[:2])
    for label, offsets in drawn.items():
        np.testing.assert_array_equal(offsets, X[y == int(label)])


def test_classes_may_be_strings(points: Any, request: pytest.FixtureRequest) -> None:
    net = request.getfixturevalue("bands")
    net.names = np.array(["left", "middle", "right"])
    X, y = points
    legend = plot.decision_boundary(net, X, net.names[y]).axes[0].get_legend()
    texts = [each.get_text() for each in legend.get_texts()]
    assert texts == ["left", "middle", "right", "mistaken: 2 of 30"]


def test_one_class_has_no_boundary_and_one_sample_has_axis_limits(bands: Any) -> None:
    axes = plot.decision_boundary(bands, [[-5.0, 1.0]], [0]).axes[0]
    assert [each for each in axes.collections if _contours(each)] == []
    assert axes.get_xlim() == (-6.0, -4.0)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([[1.0, 2.0, 3.0]], [0], r"X must be \(n, 2\) and y \(n,\); or choose .*columns=\(0, 1\)"),
        ([[1.0, 2.0]], [0, 1], "X has 1 row and y 2 classes"),
        (np.zeros((0, 2)), [], r"X must be \(n, 2\) and y \(n,\), n at least 1"),
        ({"a": [1.0], "b": [2.0], "c": ["x"]}, [0], r"columns=\('a', 'b'\)"),
        ({"a": [1.0], "c": ["x"]}, [0], "column 'c' has .*'x'.*; a plane is one of numbers"),
        ([[1.0, np.nan]], [0], "column 1 has missing values"),
        ([[1.0, 2.0]], ["left"], "y holds classes such as .*left.*, and predicted are .*1"),
        ("points.csv", [0], r"as from data.read_csv\('points.csv'\)"),
    ],
)
def test_data_without_two_features_are_refused(bands: Any, X: Any, y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        plot.decision_boundary(bands, X, y)


def test_a_regressor_is_no_classifier_and_the_remedy_makes_it_one() -> None:
    from sklearn.linear_model import LinearRegression

    X, y = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0]]), [0, 0, 1]
    net = LinearRegression().fit(X, y)
    with pytest.raises(DataError, match=r"such as lambda X: net.predict\(X\) > 0.5"):
        plot.decision_boundary(net, X, y)
    plot.decision_boundary(lambda X: net.predict(X) > 0.5, X, y)


def test_every_classifier_has_a_boundary(points: Any) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    X, y = points[0], (points[0][:, 0] > 0.5).astype(int)
    for net in (
        LogisticRegression(C=1e6).fit(X, y),
        LinearSVC(C=1e3, random_state=0).fit(X, y),
        lambda X: X[:, 0] > 0.5,
        lambda X: X[:, 0] - 0.5,
        lambda X: 1 / (1 + np.exp(0.5 - X[:, :1])),
        lambda X: np.stack([0.5 - X[:, 0], X[:, 0] - 0.5], axis=1),
        lambda X: np.sign(X[:, 0] - 0.5) / 2 + 0.5,
    ):
        axes = plot.decision_boundary(net, X, y).axes[0]
        lines = [path.vertices for each in axes.collections for path in _contours(each)]
        assert np.abs(np.concatenate(lines)[:, 0] - 0.5).max() < 0.15
        texts = [each.get_text() for each in axes.get_legend().get_texts()]
        assert texts[:2] == ["0", "1"]


def test_two_columns_of_many_span_a_plane_through_the_medians_of_the_others() -> None:
    import pandas as pd

    seen: list[Any] = []

    def classify(X: Any) -> Any:
        seen.append(X)
        return X["b"].to_numpy() > 0

    X = pd.DataFrame({"a": [1, 2, 9], "b": [-1.0, 1.0, 2.0], "c": ["x", "y", "y"]})
    names = ["stays", "leaves"]
    axes = plot.decision_boundary(classify, X, [0, 1, 0], columns=("b", "a"), names=names).axes[0]
    grid = seen[0]
    assert list(grid) == ["a", "b", "c"]
    assert set(grid["c"]) == {"y"}
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("b", "a")
    texts = [each.get_text() for each in axes.get_legend().get_texts()]
    assert texts == ["stays", "leaves", "mistaken: 1 of 3"]
    plot.decision_boundary(lambda X: X[:, 2] > 0, np.eye(3), [0, 0, 1], columns=(0, 2))


def test_the_darker_a_region_the_more_certain_its_class(smooth_bands: Any, points: Any) -> None:
    image = plot.decision_boundary(smooth_bands, *points).axes[0].images[0]
    row = np.asarray(image.get_array())[150]
    left, right = image.get_extent()[:2]
    inside, boundary = (int(300 * (x - left) / (right - left)) for x in (-0.5, 0.0))
    assert row[inside].sum() < row[boundary].sum() - 0.3


def test_more_than_two_columns_of_numbers_are_projected_on_principal_components() -> None:
    import pandas as pd

    random = np.random.default_rng(0)
    hidden = random.normal(size=(200, 2)) * [3.0, 1.0]
    X = hidden @ random.normal(size=(2, 4)) * [1.0, 10.0, 0.1, 5.0] + [0.0, 50.0, 1.0, -3.0]
    y = (hidden[:, 0] > 0).astype(int)
    seen: list[Any] = []

    def classify(rows: Any) -> Any:  # linear in what is behind the columns
        seen.append(rows)
        inverse = np.linalg.pinv(X - X.mean(axis=0)) @ (hidden - hidden.mean(axis=0))
        return ((np.asarray(rows) - X.mean(axis=0)) @ inverse + hidden.mean(axis=0))[:, 0] > 0

    table = pd.DataFrame(X, columns=list("abcd"))
    for samples in (X, table):
        axes = plot.decision_boundary(classify, samples, y == 1).axes[0]
        assert axes.get_title() == "Decision boundary, by projection"
        assert axes.get_xlabel().startswith("first principal component (")
        assert type(seen[-2]) is type(samples)
        # Two dimensions are behind the columns, so that the plane contains all samples.
        texts = [each.get_text() for each in axes.get_legend().get_texts()]
        assert texts == ["False", "True"]
        image = axes.images[0]
        left, right, low, high = image.get_extent()
        cells = np.asarray(image.get_array())
        assert cells.shape[:2] == (300, 300)
        dots = [each for each in axes.collections if type(each).__name__ == "PathCollection"]
        for colour, each in enumerate(dots):
            across, up = np.asarray(each.get_offsets()).T
            rows = ((up - low) / (high - low) * 299).round().astype(int)
            columns = ((across - left) / (right - left) * 299).round().astype(int)
            blue = cells[rows, columns, 2] > cells[rows, columns, 0]
            assert np.mean(blue == (colour == 0)) > 0.97
    constant = np.zeros((5, 3))
    plot.decision_boundary(lambda rows: rows[:, 0] > 0, constant, [False] * 5)
    with pytest.raises(DataError, match="column 1 has missing values"):
        plot.decision_boundary(classify, [[1.0, np.nan, 2.0]] * 4, y[:4], columns=(1, 2))

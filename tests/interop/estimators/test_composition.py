"""The estimators within what scikit-learn composes of estimators, and with the data it passes."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

import joblib
import pandas as pd
from scipy import sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

import chainrule as cr
from chainrule import data, nn
from chainrule.sklearn import (
    BernoulliRBM,
    MLPClassifier,
    MLPRegressor,
    NetworkClassifier,
    NetworkRegressor,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("numpy_backend"),
]

iris: Any = load_iris()
ROWS = np.random.default_rng(0).permutation(150)[:60]
X, y = MinMaxScaler().fit_transform(iris.data)[ROWS], iris.target[ROWS]
NAMES = np.array(["setosa", "versicolor", "virginica"])[y]

MLP: dict[str, Any] = {
    "hidden_layer_sizes": (4,), "max_iter": 5, "random_state": 0, "batch_size": 10,
}  # fmt: skip
NETWORK: dict[str, Any] = {
    "network__units": 4, "epochs": 5, "random_state": 0, "batch_size": 10,
}  # fmt: skip
CLASSIFIERS = [MLPClassifier(**MLP), NetworkClassifier(**NETWORK)]
REGRESSORS = [MLPRegressor(**MLP), NetworkRegressor(**NETWORK)]
TRANSFORMER = BernoulliRBM(n_components=3, n_iter=2, random_state=0)


def answers(model: Any, inputs: Any = X) -> Any:
    names = ("transform", "predict_proba", "predict")
    return getattr(model, next(name for name in names if hasattr(model, name)))(inputs)


@pytest.mark.parametrize("model", [*CLASSIFIERS, *REGRESSORS, TRANSFORMER], ids=str)
def test_a_fitted_one_is_cloned_copied_and_stored(model: Any, tmp_path: Any) -> None:
    target = X[:, 0] if model in REGRESSORS else y
    fitted = clone(model).fit(X, target)
    expected = answers(fitted)
    joblib.dump(fitted, tmp_path / "model")
    for again in (
        pickle.loads(pickle.dumps(fitted)), copy.copy(fitted), copy.deepcopy(fitted),
        joblib.load(tmp_path / "model"), clone(fitted).fit(X, target),
    ):  # fmt: skip
        assert np.array_equal(answers(again), expected)
    matrix = sparse.csr_array(X * (X > 0.3))
    assert np.allclose(answers(fitted, matrix), answers(fitted, matrix.toarray()))
    assert np.allclose(
        answers(clone(model).fit(matrix, target), X),
        answers(clone(model).fit(matrix.toarray(), target), X),
        atol=1e-5,
    )


def test_pipelines_searches_and_scores_take_them() -> None:
    frame = pd.DataFrame(
        {"length": X[:, 2], "width": X[:, 3], "tint": np.where(X[:, 0] > 0.4, *"ab")}
    )
    columns = ColumnTransformer(
        [("numbers", StandardScaler(), ["length", "width"]),
         ("texts", OneHotEncoder(sparse_output=False), ["tint"])]
    )  # fmt: skip
    columns.set_output(transform="pandas")
    for model in CLASSIFIERS:
        pipeline = make_pipeline(columns, clone(model)).fit(frame, NAMES)
        assert list(pipeline[-1].feature_names_in_) == list(
            columns.fit(frame).get_feature_names_out()
        )
        assert set(pipeline.predict(frame)) <= set(NAMES)
        assert np.array_equal(pipeline.predict_proba(frame[["tint", "width", "length"]]),
                              pipeline.predict_proba(frame))  # fmt: skip
    features = make_pipeline(clone(TRANSFORMER), LogisticRegression()).set_output(
        transform="pandas"
    )
    assert list(features[:-1].fit_transform(X).columns) == [f"bernoullirbm{i}" for i in range(3)]
    assert features.fit(X, NAMES).score(X, NAMES) > 0


def test_searches_choose_and_scores_of_two_workers_are_those_of_one() -> None:
    one, other = map(clone, CLASSIFIERS)
    grid = {"learning_rate_init": [0.001, 0.1], "hidden_layer_sizes": [(4,)]}
    search = GridSearchCV(one, grid, cv=2).fit(X, NAMES)
    units = {"network__units": [4], "learning_rate": [0.001, 0.1]}
    nets = GridSearchCV(other.set_params(network__units=9), units, cv=2).fit(X, NAMES)
    assert nets.best_estimator_.network_[0].units == 4
    assert set(search.predict(X)) <= set(NAMES)
    expected = cross_val_score(one, X, NAMES, cv=2)
    for backend in ("multiprocessing", "threading"):
        with joblib.parallel_config(backend, n_jobs=2):
            assert np.array_equal(cross_val_score(one, X, NAMES, cv=2), expected)


def test_classifiers_vote_and_are_calibrated() -> None:
    named = [(str(number), each) for number, each in enumerate(CLASSIFIERS)]
    voting = VotingClassifier([*named, ("linear", LogisticRegression())], voting="soft")
    weight = np.where(y == 0, 2.0, 1.0)
    proba = voting.fit(X, NAMES, sample_weight=weight).predict_proba(X)
    assert np.allclose(proba, np.mean([each.predict_proba(X) for each in voting.estimators_], 0))
    for model in CLASSIFIERS:
        calibrated = CalibratedClassifierCV(clone(model), cv=2).fit(X, NAMES, sample_weight=weight)
        assert np.allclose(calibrated.predict_proba(X).sum(axis=1), 1)
        assert list(calibrated.classes_) == sorted(set(NAMES))


@pytest.mark.parametrize("model", CLASSIFIERS, ids=str)
def test_labels_are_texts_and_several(model: Any) -> None:
    texts = clone(model).fit(X, NAMES)
    assert np.array_equal(texts.classes_[clone(model).fit(X, y).predict(X)], texts.predict(X))
    labels = np.c_[y == 0, X[:, 0] > 0.4].astype(int)
    several = clone(model).fit(X, labels)
    assert several.predict(X).shape == several.predict_proba(X).shape == labels.shape
    assert np.array_equal(several.predict(X), several.predict_proba(X) > 0.5)


@pytest.mark.parametrize("model", REGRESSORS, ids=str)
def test_targets_are_several_and_one(model: Any) -> None:
    assert clone(model).fit(X, X[:, :2]).predict(X).shape == (60, 2)
    assert clone(model).fit(X, X[:, 0]).predict(X).shape == (60,)


@pytest.mark.parametrize("model", [*CLASSIFIERS, *REGRESSORS], ids=str)
def test_epochs_are_added_by_partial_fit_and_warm_start(model: Any) -> None:
    is_classifier = model in CLASSIFIERS
    target: Any = NAMES if is_classifier else X[:, 0]
    epochs = "max_iter" if hasattr(model, "max_iter") else "epochs"
    whole = clone(model).set_params(**{epochs: 4}).fit(X, target)
    parts = clone(model).set_params(**{epochs: 1, "warm_start": True})
    steps = clone(model)
    for _ in range(4):
        parts.fit(X, target)
        steps.partial_fit(X, target, **({"classes": sorted(set(NAMES))} if is_classifier else {}))
    if isinstance(model, NetworkClassifier | NetworkRegressor):  # as Network.fit: in parts or not
        assert np.array_equal(answers(parts), answers(whole))
        assert np.array_equal(answers(steps), answers(whole))
    else:
        assert answers(steps).shape == answers(whole).shape


@pytest.mark.parametrize("model", [*CLASSIFIERS, *REGRESSORS, TRANSFORMER], ids=str)
def test_columns_in_another_order_are_refused_as_scikit_learn_does(model: Any) -> None:
    frame = pd.DataFrame(X, columns=list("abcd"))
    fitted = clone(model).fit(frame, X[:, 0] if model in REGRESSORS else y)
    assert list(fitted.feature_names_in_) == list("abcd")
    with pytest.raises(ValueError, match="must be in the same order"):
        answers(fitted, frame[list("badc")])


def test_tables_of_numbers_reach_a_network_that_begins_with_a_table() -> None:
    def build(n_outputs: int, seed: int) -> cr.Network:
        return cr.Network([data.Table(), nn.Dense(n_outputs)], seed=seed)

    frame = pd.DataFrame(X, columns=list("abcd"))
    for network in (build, build(3, 0)):
        model = NetworkClassifier(network, epochs=3).fit(frame, NAMES)
        assert model.predict_proba(frame).shape == (60, 3)
        assert [each.name for each in model.network_.table.fitted] == list("abcd")
    mixed = frame.assign(tint=np.where(X[:, 0] > 0.4, *"ab"))
    model = NetworkClassifier(build, epochs=3).fit(mixed, NAMES)
    with pytest.raises(ValueError, match="must be in the same order"):
        model.predict(mixed[list(mixed)[::-1]])

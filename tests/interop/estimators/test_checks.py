"""The contract of scikit-learn's estimators, as its own checks state it.

`run_scikit_learn_tests` runs all checks on all estimators, which takes minutes; here the
perceptrons have all, and the others those that depend on what is their own.
"""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("sklearn")

from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from chainrule.sklearn import (
    BernoulliRBM,
    MLPClassifier,
    MLPRegressor,
    NetworkClassifier,
    NetworkRegressor,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning"),
]

OWN = {
    "check_do_not_raise_errors_in_init_or_set_params", "check_estimators_pickle",
    "check_estimators_partial_fit_n_features", "check_get_params_invariance", "check_set_params",
    "check_methods_sample_order_invariance", "check_parameters_default_constructible",
    "check_requires_y_none", "check_sample_weight_equivalence_on_dense_data",
}  # fmt: skip


@parametrize_with_checks([MLPClassifier(), MLPRegressor()])
def test_every_check_of_scikit_learn_passes(estimator: Any, check: Any) -> None:
    check(estimator)


def chosen(estimator: Any) -> Iterator[tuple[Any, Any]]:
    for each, check in estimator_checks_generator(estimator):
        if check.func.__name__ in OWN:
            yield each, check


@pytest.mark.parametrize("kind", [BernoulliRBM, NetworkClassifier, NetworkRegressor])
def test_the_checks_of_what_is_its_own_pass(kind: Any) -> None:
    settings = {"n_components": 4, "n_iter": 3} if kind is BernoulliRBM else {"epochs": 30}
    checks = list(chosen(kind(**settings)))
    assert len(checks) >= 6
    for estimator, check in checks:
        check(estimator)

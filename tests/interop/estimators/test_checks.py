"""The contract of scikit-learn's estimators, as its own checks state it."""

from typing import Any

import pytest

pytest.importorskip("sklearn")

from sklearn.utils.estimator_checks import parametrize_with_checks

from chainrule.sklearn import BernoulliRBM, MLPClassifier, MLPRegressor

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning"),
]

FEW = {"n_components": 4, "n_iter": 3}


@parametrize_with_checks([MLPClassifier(), MLPRegressor(), BernoulliRBM(**FEW)])
def test_every_check_of_scikit_learn_passes(estimator: Any, check: Any) -> None:
    check(estimator)

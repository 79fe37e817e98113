"""Estimators with the interface of scikit-learn, for its pipelines, searches and scores.

They need scikit-learn 1.6 or newer, the extra ``chainrule[sklearn]``.
"""

from chainrule.interop.estimators import (
    BernoulliRBM,
    MLPClassifier,
    MLPRegressor,
    NetworkClassifier,
    NetworkRegressor,
)

__all__ = ["BernoulliRBM", "MLPClassifier", "MLPRegressor", "NetworkClassifier", "NetworkRegressor"]

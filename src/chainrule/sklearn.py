"""Estimators with the interface of scikit-learn, for its pipelines, searches and scores.

They need scikit-learn 1.6 or newer, the extra ``chainrule[sklearn]``.
"""

from chainrule.interop.estimators import BernoulliRBM, MLPClassifier, MLPRegressor

__all__ = ["BernoulliRBM", "MLPClassifier", "MLPRegressor"]

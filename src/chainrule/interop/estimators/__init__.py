"""Estimators with the interface of scikit-learn; imported as `chainrule.sklearn`."""

from chainrule.interop.estimators.boltzmann import BernoulliRBM
from chainrule.interop.estimators.classifier import MLPClassifier
from chainrule.interop.estimators.network_classifier import NetworkClassifier
from chainrule.interop.estimators.network_regressor import NetworkRegressor
from chainrule.interop.estimators.regressor import MLPRegressor

__all__ = ["BernoulliRBM", "MLPClassifier", "MLPRegressor", "NetworkClassifier", "NetworkRegressor"]

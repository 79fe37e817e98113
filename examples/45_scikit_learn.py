"""The perceptron of scikit-learn with another import: the same numbers, sooner; and a search.

The same `random_state` gives the same weights, whichever of the two trains. A search over a
builder's arguments ends with a network, which explains and saves itself.

It prints::

    scikit-learn 0.944, here 0.944, weights agree: True
    best of the search: network__units 32, learning_rate 0.01
    test accuracy 0.97
    2410 parameters
"""

import warnings

import numpy as np
from sklearn import neural_network
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import chainrule as cr
from chainrule import datasets, nn
from chainrule.sklearn import MLPClassifier, NetworkClassifier

images, y = datasets.digits()
X = images.astype(float)  # in float32 they agree to 1e-6
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

# One import is different.
models = []
for kind in (neural_network.MLPClassifier, MLPClassifier):
    model = make_pipeline(MinMaxScaler(), kind((50,), max_iter=40, random_state=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 40 epochs are few, which both say
        models.append(model.fit(X_train, y_train))
theirs, ours = (model.score(X_test, y_test) for model in models)
first, second = (model[-1].coefs_[0] for model in models)
agree = np.allclose(first, second)
print(f"scikit-learn {theirs:.3f}, here {ours:.3f}, weights agree: {agree}")


# Any network, and a search over what builds it.
def build(units: int, n_outputs: int, seed: int) -> cr.Network:
    layers = [nn.Dense(units, activation="relu"), nn.Dense(n_outputs)]
    return cr.Network(layers, seed=seed)


network = NetworkClassifier(build, network__units=16, epochs=30, random_state=0)
grid = {
    "networkclassifier__network__units": [4, 32],
    "networkclassifier__learning_rate": [0.0001, 0.01],
}
search = GridSearchCV(make_pipeline(MinMaxScaler(), network), grid, cv=3)
search.fit(X_train, y_train)

best = {name.removeprefix("networkclassifier__"): x for name, x in search.best_params_.items()}
print("best of the search:", ", ".join(f"{n} {best[n]}" for n in sorted(best, reverse=True)))
print(f"test accuracy {search.score(X_test, y_test):.2f}")
print(search.best_estimator_[-1].network_.count_params(), "parameters")

"""A table: which customers leave the bank? Numbers are standardised, countries one-hot encoded.

The table is the first layer of the network. Its scales and categories are fitted to the training
part alone and saved with the network, which then takes customers as they are.

Run it with ``CHAINRULE_DATA=folder python examples/09_table.py``. It prints::

    columns: CreditScore, Geography, Gender, Age, Tenure, Balance ...
    inputs: CreditScore, Geography=France, Geography=Germany, Geography=Spain, Gender=Female ...
    ROC AUC of the logistic regression: 0.764
    ROC AUC of the network: 0.866
    a customer from a country never seen: (1, 1)
"""

import chainrule as cr
from chainrule import data, datasets, nn, optim


def trained(layers, X, y):
    net = cr.Network([data.Table(), *layers], seed=0)
    rule = optim.Adam(optim.cosine(0.003, epochs=40))
    net.compile("binary_cross_entropy", rule, metrics=["auc"])
    net.fit(X, y, epochs=40, batch_size=64, verbose=0)
    return net


def main():
    X, y = datasets.churn()  # a dict of columns; a DataFrame would do as well
    print("columns:", ", ".join(list(X)[:6]), "...")
    (X, y), (X_test, y_test) = data.split(X, y, test_size=0.2, seed=0, stratify=True)

    logistic = trained([nn.Dense(1)], X, y)
    deep = trained(
        [
            nn.Dense(64, activation="relu"),
            nn.Dropout(0.3),
            nn.Dense(32, activation="relu"),
            nn.Dense(1),
        ],
        X,
        y,
    )
    print("inputs:", ", ".join(deep.table.feature_names[:5]), "...")
    for name, net in (("logistic regression", logistic), ("network", deep)):
        print(f"ROC AUC of the {name}: {net.evaluate(X_test, y_test)['auc']:.3f}")

    deep.save("churn.safetensors")
    again = cr.load("churn.safetensors")
    one = {name: column[0] for name, column in X_test.items()} | {"Geography": "Atlantis"}
    print("a customer from a country never seen:", again.predict_proba(one).shape)


if __name__ == "__main__":
    main()

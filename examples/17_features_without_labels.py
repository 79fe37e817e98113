"""Features that need no labels: a Boltzmann machine before a logistic layer for digits.

A restricted Boltzmann machine learns a distribution of images. Its hidden units become features,
trained on 20,000 images without their labels; a logistic layer on them then needs fewer
labelled images than one on the pixels. Both get the same images, optimiser and number of epochs.

Training descends the difference between the free energy of the data and that of samples of the
model (persistent contrastive divergence). Its progress is the pseudo-likelihood, the probability of
each pixel given all others (in nats an image; the closer to 0, the better).

``features.png`` has the weights of the first 100 hidden units, ``samples.png`` 25 samples of the
model: the chains began at images and took 30 steps of Gibbs sampling. Where many hidden units stay
inactive, as with more units than patterns, ``cr.RBM(..., sparsity=0.05)`` activates them.

Run it with ``CHAINRULE_DATA=folder python examples/17_features_without_labels.py``. It prints::

    784 pixels, 128 features
    epoch  pseudo-likelihood
        1                  -163
        2                  -129
        5                  -106
    accuracy on the test set, by number of labels:
     labels   pixels  features
        300    78.7%     82.9%
       1000    86.5%     89.2%
      60000    92.8%     93.4%
    features beat pixels: True
    hidden units in use: 128 of 128
    wrote features.png, pseudo_likelihood.png and samples.png
"""

import os
import sys

import chainrule as cr
from chainrule import datasets, nn, optim


def accuracy(X, y, X_test, y_test, epochs):
    """Train a logistic layer and return its accuracy on the test images."""
    net = cr.Network([nn.Dense(10)], seed=0)
    rule = optim.Adam(optim.cosine(0.003, epochs=epochs))
    net.compile(loss="cross_entropy", optimizer=rule, metrics=["accuracy"])
    net.fit(X, y, epochs=epochs, batch_size=64, verbose=0)
    return net.evaluate(X_test, y_test)["accuracy"]


def main():
    if "CHAINRULE_DATA" not in os.environ:
        sys.exit("CHAINRULE_DATA is not set: let it name the folder that has mnist/ in it")
    (X, y), (X_test, y_test) = datasets.mnist()
    X, X_test = (each.reshape(-1, 784) / 255 for each in (X, X_test))

    machine = cr.RBM(128, learning_rate=0.05, persistent=True, batch_size=64, seed=0)
    history = machine.fit(X[:20_000], epochs=5, verbose=0)
    print("784 pixels, 128 features")
    print("epoch  pseudo-likelihood")
    for epoch in (1, 2, 5):
        print(f"{epoch:5d} {history['pseudo_likelihood'][epoch - 1]:21.0f}")

    features, test_features = machine.transform(X), machine.transform(X_test)
    print("accuracy on the test set, by number of labels:")
    print(f"{'labels':>7} {'pixels':>8} {'features':>9}")
    wins = []
    for labels, epochs in ((300, 200), (1000, 100), (60000, 5)):
        pixels = accuracy(X[:labels], y[:labels], X_test, y_test, epochs)
        better = accuracy(features[:labels], y[:labels], test_features, y_test, epochs)
        wins.append(better > pixels)
        print(f"{labels:7d} {pixels:8.1%} {better:9.1%}")
    print("features beat pixels:", all(wins))

    used = (test_features.std(axis=0) > 0.05).sum()
    print(f"hidden units in use: {used} of {machine.hidden}")
    cr.plot.weights(machine, "weight", "features.png")
    history.plot("pseudo_likelihood.png")
    samples = machine.reconstruct(machine.gibbs(X_test[:25], steps=30, seed=1))
    cr.plot.images(samples, None, "samples.png")
    print("wrote features.png, pseudo_likelihood.png and samples.png")


if __name__ == "__main__":
    main()

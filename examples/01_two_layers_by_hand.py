"""A network of two sigmoid layers, with its gradient written by hand and by `value_and_grad`.

Four samples of three features; the loss is the sum of squared errors, minimised by full-batch
gradient descent. By hand, backpropagation is two lines for each layer; `cr.value_and_grad` computes
the same gradient from the forward pass alone.

Run it with ``python examples/01_two_layers_by_hand.py``. It prints::

    iteration     loss by hand          derived
            1         1.328484         1.328484
          500         0.015588         0.015588
         1000         0.004808         0.004808
         1500         0.002613         0.002613
    loss falls in every iteration: True
    weights agree to 12 digits: True
    target  prediction
         0       0.010
         1       0.971
         1       0.974
         0       0.032
"""

import numpy as np

import chainrule as cr

X = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0.0], [1], [1], [0]])


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def predict(weights, X):
    return sigmoid(sigmoid(X @ weights["W1"]) @ weights["W2"])


def loss(weights, X, y):
    return np.sum((y - predict(weights, X)) ** 2)


def gradient_by_hand(weights, X, y):
    hidden = sigmoid(X @ weights["W1"])
    output = sigmoid(hidden @ weights["W2"])
    d_output = 2 * (output - y) * output * (1 - output)
    d_hidden = (d_output @ weights["W2"].T) * hidden * (1 - hidden)
    gradient = {"W1": X.T @ d_hidden, "W2": hidden.T @ d_output}
    return np.sum((y - output) ** 2), gradient


def train(value_and_gradient, iterations=1500):
    rng = np.random.default_rng(1)
    weights = {"W1": rng.random((3, 4)), "W2": rng.random((4, 1))}
    losses = []
    for _ in range(iterations):
        value, gradient = value_and_gradient(weights, X, y)
        losses.append(value)
        weights = {name: weights[name] - gradient[name] for name in weights}
    return weights, losses


def main():
    by_hand, losses = train(gradient_by_hand)
    derived, derived_losses = train(cr.jit(cr.value_and_grad(loss)))

    print("iteration     loss by hand          derived")
    for i in (1, 500, 1000, 1500):
        print(f"{i:9d} {losses[i - 1]:16.6f} {derived_losses[i - 1]:16.6f}")
    print("loss falls in every iteration:", bool(np.all(np.diff(losses) < 0)))
    difference = max(np.abs(by_hand[name] - derived[name]).max() for name in by_hand)
    print("weights agree to 12 digits:", bool(difference < 1e-12))
    print("target  prediction")
    for target, prediction in zip(y, predict(derived, X), strict=True):
        print(f"{int(target[0]):6d} {prediction[0]:11.3f}")


if __name__ == "__main__":
    main()

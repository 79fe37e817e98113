"""The training loop by hand: what `fit` does, in ten lines that can be changed.

`net.apply(params, X)` is the network as a pure function of its parameters, so a loss of it is a
function like any other: `cr.value_and_grad` gives its gradient, `optimizer.update` the next
parameters, and `cr.jit` compiles all of it as one step. The parameters are a dictionary of arrays;
the network itself is not changed until they are assigned to it.

Run it with ``python examples/24_training_loop_by_hand.py``. It prints::

    epoch   by hand       fit
        1    2.0414    2.0414
        2    1.2902    1.2902
        3    0.7643    0.7643
        4    0.5264    0.5264
        5    0.4073    0.4073
    by hand: 92.2% of 1,792 digits right, by fit: 92.2%
    accumulated over two halves of a batch, the gradient is the same: True
"""

import numpy as np

import chainrule as cr
from chainrule import datasets, nn, optim

EPOCHS, SIZE = 5, 64


def network():
    return cr.Network([nn.Dense(32, activation="relu"), nn.Dense(10)], seed=0)


def cross_entropy(scores, labels):
    scores = scores - np.max(scores, axis=1, keepdims=True)
    right = scores[np.arange(len(labels)), labels]
    return np.mean(np.log(np.sum(np.exp(scores), axis=1)) - right)


def train_by_hand(net, X, y):
    optimizer = optim.Adam(0.003)

    def loss(params, X, y):
        return cross_entropy(net.apply(params, X), y)

    @cr.jit
    def step(params, state, X, y):
        value, gradients = cr.value_and_grad(loss)(params, X, y)
        params, state = optimizer.update(gradients, state, params)
        return params, state, value

    params, state = net.params, optimizer.init(net.params)
    for _ in range(EPOCHS):
        values = []
        for start in range(0, len(X), SIZE):
            rows = slice(start, start + SIZE)
            params, state, value = step(params, state, X[rows], y[rows])
            values.append(value)
        yield np.mean(values)
    net.params.update(params)


def main():
    X, y = datasets.digits()
    X, y = X[: 28 * SIZE].reshape(-1, 64).astype("float32"), y[: 28 * SIZE]
    by_hand, fitted = network(), network()
    by_hand(X[:1])  # builds the layers, of which the sizes were not known
    fitted.compile(loss="cross_entropy", optimizer=optim.Adam(0.003), metrics=["accuracy"])
    history = fitted.fit(X, y, epochs=EPOCHS, batch_size=SIZE, shuffle=False, verbose=0)

    print("epoch   by hand       fit")
    for epoch, value in enumerate(train_by_hand(by_hand, X, y)):
        print(f"{epoch + 1:5d} {value:9.4f} {history['loss'][epoch]:9.4f}")
    right = np.mean(np.argmax(by_hand.predict(X), axis=1) == y)
    _, accuracy = fitted.evaluate(X, y)
    print(f"by hand: {right:.1%} of {len(X):,} digits right, by fit: {accuracy:.1%}")

    # Gradients of several batches can be accumulated before an update, which saves memory.
    whole = fitted.gradients(X[:SIZE], y[:SIZE])
    halves = [fitted.gradients(X[i::2][: SIZE // 2], y[i::2][: SIZE // 2]) for i in (0, 1)]
    is_same = all(
        np.allclose((halves[0][name] + halves[1][name]) / 2, each, atol=1e-6)
        for name, each in whole.items()
    )
    print("accumulated over two halves of a batch, the gradient is the same:", is_same)


if __name__ == "__main__":
    main()

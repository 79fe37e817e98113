"""XOR, the problem a single neuron cannot solve: three hidden tanh units, one sample a step.

A network is a list of layers; input sizes are inferred from the data. `compile` sets the loss and
the optimiser, `fit` trains: each of the 1,000 epochs takes four steps, one for each sample, in
shuffled order.

Run it with ``python examples/02_exclusive_or.py``. It prints::

    epoch   mean squared error
        1              0.68039
       10              0.26906
      100              0.17866
     1000              0.00021
    below 0.001: True
    input    target  prediction
    [0 0]         0        0.00
    [0 1]         1        0.98
    [1 0]         1        0.98
    [1 1]         0        0.00
"""

import chainrule as cr
from chainrule import datasets, nn


def main():
    X, y = datasets.xor()
    net = cr.Network([nn.Dense(3, activation="tanh"), nn.Dense(1, activation="tanh")], seed=2)
    net.compile(loss="mse", optimizer="sgd", learning_rate=0.1)
    history = net.fit(X, y, epochs=1000, batch_size=1, verbose=0)

    print("epoch   mean squared error")
    for epoch in (1, 10, 100, 1000):
        print(f"{epoch:5d} {history['loss'][epoch - 1]:20.5f}")
    print("below 0.001:", net.evaluate(X, y)["loss"] < 0.001)
    print("input    target  prediction")
    for row, target, prediction in zip(X, y, net.predict(X), strict=True):
        print(f"{row.astype(int)!s:8s} {int(target[0]):6d} {prediction[0]:11.2f}")


if __name__ == "__main__":
    main()

"""Weights of PyTorch and Keras here, and the network as a program of NumPy.

A state dict of PyTorch has weights (out, in), gates in its own order and images with channels
first; `cr.from_torch` gives them as `net.params` has them, and `cr.to_torch` gives them back. The
arrays here stand for `model.state_dict()`: neither library is needed. `net.to_numpy()` writes the
trained network as a readable program, which is run and compared before it is returned.

Run it with ``python examples/47_weights.py``. It prints::

    trained here: 91.3% of 497 digits right
    conv2d.weight  (3, 3, 1, 8)  as 0.weight  (8, 1, 3, 3)
    dense.weight   (72, 10)      as 4.weight  (10, 72)
    read back, the same outputs: True
    what does not fit is named: from_torch: layer 'dense' (Dense) needs weight of shape (10, 72)
    as NumPy: 38 lines, the last four of them
        flatten = max_pool2d.reshape(n, 72)
        # dense: x W + b
        dense = flatten @ W["dense.weight"] + W["dense.bias"]
        return dense
"""

import numpy as np

import chainrule as cr
from chainrule import data, datasets, nn

images, labels = datasets.digits()
images = images.reshape(-1, 8, 8, 1) / 16
(X, y), (X_test, y_test) = data.split(images, labels, test_size=497, seed=0)


def network():
    net = cr.Network(
        [nn.Conv2D(8, 3, activation="relu"), nn.MaxPool2D(2), nn.Flatten(), nn.Dense(10)], seed=0
    )
    net.compile(loss="cross_entropy", optimizer="adam", learning_rate=0.01, metrics=["accuracy"])
    return net


net = network()
net.fit(X, y, epochs=10, verbose=0)
accuracy = net.evaluate(X_test, y_test)["accuracy"]
print(f"trained here: {accuracy:.1%} of {len(y_test)} digits right")

# In nn.Sequential(Conv2d, ReLU, MaxPool2d, Flatten, Linear) they are called 0 and 4.
names = {"conv2d": "0", "dense": "4"}
state_dict = {
    names[layer] + "." + kind: array
    for (layer, kind), array in ((n.split("."), a) for n, a in cr.to_torch(net).items())
}
for ours, theirs in (("conv2d.weight", "0.weight"), ("dense.weight", "4.weight")):
    print(f"{ours:13s}  {net.params[ours].shape!s:12s}  as {theirs}  {state_dict[theirs].shape}")

other = network()
other(X[:1])  # builds it
other.params.update(cr.from_torch(state_dict, other))
print("read back, the same outputs:", np.array_equal(other.predict(X_test), net.predict(X_test)))

try:
    cr.from_torch({**state_dict, "4.weight": state_dict["4.weight"].T}, other)
except cr.errors.ShapeError as error:
    print("what does not fit is named:", str(error).partition(", and")[0])

lines = net.to_numpy("predict.py").splitlines()
print(f"as NumPy: {len(lines)} lines, the last four of them")
print("\n".join(lines[-4:]))

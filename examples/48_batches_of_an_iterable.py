"""Train on batches that are made as they are needed: a pipeline, a generator, a DataLoader.

`fit` takes any iterable of batches (X, y) in place of arrays. Epoch k of a `data.Pipeline` is
``pipe.epoch(k)``, so the order is a function of the epoch: a run that is killed goes on, bit for
bit. Images are shifted by a pixel as they are read, which no array holds.

Run it with ``python examples/48_batches_of_an_iterable.py``. It prints::

    arrays and batches give the same bits: True
    images with noise: 96.6% of those held out
    the disk is gone: asked for batch 24 of epoch 1 of fit
    continued, the same bits: True
    an endless generator: 5 epochs, loss 0.201
    predictions of a pipeline: (497,)
"""

import tempfile

import numpy as np

import chainrule as cr
from chainrule import data, datasets, nn

images, labels = datasets.digits()
images = images.reshape(-1, 8, 8)
(X, y), (X_test, y_test) = data.split(images, labels, test_size=497, seed=0)


def network():
    net = cr.Network([nn.Flatten(), nn.Dense(32, activation="relu"), nn.Dense(10)], seed=0)
    net.compile(loss="cross_entropy", optimizer="adam", learning_rate=0.01, metrics=["accuracy"])
    return net


def have_same_bits(one, other):
    return all(np.array_equal(one.params[name], other.params[name]) for name in one.params)


# The same batches in the same order: the same bits.
of_arrays, of_batches = network(), network()
of_arrays.fit(X, y, epochs=2, batch_size=50, shuffle=False, verbose=0)
of_batches.fit(data.Pipeline((X, y)).batch(50), epochs=2, verbose=0)
print("arrays and batches give the same bits:", have_same_bits(of_arrays, of_batches))


# Each image has noise, by its number and nothing else.
def with_noise(sample):
    number, image, label = sample
    return image + 0.2 * np.random.default_rng(number).normal(size=image.shape), label


pipe = data.Pipeline((np.arange(len(X)), X, y)).map(with_noise).shuffle(seed=0).batch(50)
net = network()
net.fit(pipe, epochs=20, verbose=0)
print(f"images with noise: {net.evaluate(X_test, y_test)['accuracy']:.1%} of those held out")


# A run that breaks within an epoch goes on there, with the bits of an unbroken one.
reads = iter(range(10**6))


def read(batch):
    if next(reads) == 50:
        raise OSError("the disk is gone")
    return batch


with tempfile.TemporaryDirectory() as folder:
    arguments = {"epochs": 3, "verbose": 0, "checkpoint": cr.Checkpoint(folder, every="5 steps")}
    try:
        network().fit(pipe.map(read), **arguments)
    except OSError as error:
        print(f"{error}:", error.__notes__[-1].split(", ")[-1])
    net, unbroken = network(), network()
    net.fit(pipe.map(read), **arguments)
    unbroken.fit(pipe, epochs=3, verbose=0)
    print("continued, the same bits:", have_same_bits(net, unbroken))


# An endless generator needs steps_per_epoch; predict takes iterables as well.
def endless():
    random = np.random.default_rng(0)
    while True:
        rows = random.integers(len(X), size=50)
        yield X[rows], y[rows]


net = network()
history = net.fit(endless(), epochs=5, steps_per_epoch=20, verbose=0)
print(f"an endless generator: {history.epochs} epochs, loss {history['loss'][-1]:.3f}")
print("predictions of a pipeline:", net.predict_class(data.Pipeline(X_test).batch(100)).shape)

"""Sequences of many lengths: padding that no layer, no loss and no metric takes for data.

Sentences are padded with 0 to the length of the longest. ``mask_zero=True`` tells the network that
the word 0 is padding; the mask then travels beside the values: the LSTM skips padded steps,
attention and pooling leave them out, and a layer of one's own takes the mask as an argument. Where
each word has an answer of its own, padded steps count neither in the loss nor in the accuracy. So
the position of the padding does not matter. For numbers instead of words, ``nn.Masking(0.0)`` does
the same.

The sentences are random. They are friendly if word 7 occurs more often than word 3; a word is an
echo if the word before it was the same.

Run it with ``python examples/19_sentences_of_many_lengths.py``. It prints::

    LSTM: 0% of new sentences wrong; zeros first change it: False
    attention: 0% of new sentences wrong; zeros first change it: False
    own layer: 0% of new sentences wrong; zeros first change it: False
    echoes: 0% of new words wrong; zeros first change it: False
"""

import numpy as np

import chainrule as cr
from chainrule import nn, optim

WORDS, LONGEST = 20, 12


class Total(nn.Layer):
    """The sum over the real words: a layer that is told the mask."""

    def forward(self, x, mask=None):
        return np.sum(x if mask is None else np.where(mask[..., None], x, 0), axis=1)


def draw(count, seed):
    """Draw sentences of 3 to 12 words, padded with zeros; return which are friendly, and echoes."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(3, LONGEST + 1, (count, 1))
    words = generator.integers(1, WORDS, (count, LONGEST))
    repeats = generator.random((count, LONGEST)) < 0.3
    for step in range(1, LONGEST):
        words[:, step] = np.where(repeats[:, step], words[:, step - 1], words[:, step])
    x = np.where(np.arange(LONGEST) < lengths, words, 0)
    friendly = (np.sum(x == 7, axis=1) > np.sum(x == 3, axis=1)).astype(int)
    return x, friendly, np.c_[np.zeros(count, int), (x[:, 1:] == x[:, :-1]).astype(int)]


def zeros_first(x, values):
    """Move the padding of sentences to their beginning, in an array of one value a word."""
    order = np.argsort(x != 0, axis=1, kind="stable")
    return np.take_along_axis(values, order, axis=1)


def report(name, what, layers, train, new):
    """Train a network; print its errors, and whether padding at the other end changes them."""
    (x, y), (x_new, y_new) = train, new
    net = cr.Network([nn.Embedding(WORDS, 16, mask_zero=True), *layers], seed=0)
    net.compile("cross_entropy", optim.Adam(0.01), metrics=["accuracy"])
    net.fit(x, y, epochs=20, batch_size=32, verbose=0)
    result = net.evaluate(x_new, y_new)
    y_moved = zeros_first(x_new, y_new) if y_new.ndim == 2 else y_new
    moved = net.evaluate(zeros_first(x_new, x_new), y_moved)
    is_changed = not np.isclose(result["loss"], moved["loss"], rtol=1e-4)
    wrong = 1 - result["accuracy"]
    print(f"{name}: {wrong:.0%} of new {what} wrong; zeros first change it: {is_changed}")


def main():
    (x, friendly, echoes), (x_new, friendly_new, echoes_new) = draw(2000, 0), draw(500, 1)
    dense, attention = nn.Dense(2), [nn.MultiHeadAttention(2), nn.GlobalAvgPool1D()]
    train, new = (x, friendly), (x_new, friendly_new)
    report("LSTM", "sentences", [nn.LSTM(16), nn.Dense(2)], train, new)
    report("attention", "sentences", [*attention, dense], train, new)
    report("own layer", "sentences", [Total(), nn.Dense(2)], train, new)
    tagger = [nn.LSTM(32, return_sequences=True), nn.Dense(2)]
    report("echoes", "words", tagger, (x, echoes), (x_new, echoes_new))


if __name__ == "__main__":
    main()

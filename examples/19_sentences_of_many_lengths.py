"""Sequences of many lengths: padding, masked for an LSTM and for attention.

Sentences are padded with 0 to the length of the longest, and padding must not affect the result. A
custom layer computes the mask and passes it on: to an LSTM by filling the vectors with a value that
it skips, to attention as its mask. Then the position of the padding does not matter.

The sentences are random. They are friendly if word 7 occurs more often than word 3.

Run it with ``python examples/19_sentences_of_many_lengths.py``. It prints::

    LSTM: 0% of new sentences wrong; zeros first change it: False
    attention: 0% of new sentences wrong; zeros first change it: False
"""

import numpy as np

import chainrule as cr
from chainrule import nn, optim

WORDS, LONGEST, FILLED = 20, 12, -1.0


class Read(nn.Layer):
    """An LSTM over the words, which skips steps whose features all equal FILLED."""

    def __init__(self):
        self.words = nn.Embedding(WORDS, 8)
        self.reader = nn.LSTM(16, mask_value=FILLED)
        self.name = None

    def forward(self, x):
        is_word = (x != 0)[..., None]
        return self.reader(np.where(is_word, self.words(x), FILLED))


class Attend(nn.Layer):
    """Attention masked to real words, and the mean over these."""

    def __init__(self):
        self.words = nn.Embedding(WORDS, 16)
        self.attention = nn.MultiHeadAttention(2)
        self.name = None

    def forward(self, x):
        is_word = x != 0
        context = self.attention(self.words(x), mask=is_word)
        count = np.sum(is_word, axis=1, keepdims=True)
        return np.sum(np.where(is_word[..., None], context, 0), axis=1) / count


def draw(count, seed):
    """Draw sentences of 3 to 12 words, padded with zeros, and whether they are friendly."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(3, LONGEST + 1, (count, 1))
    words = generator.integers(1, WORDS, (count, LONGEST))
    x = np.where(np.arange(LONGEST) < lengths, words, 0)
    return x, (np.sum(x == 7, axis=1) > np.sum(x == 3, axis=1)).astype(int)


def main():
    (x, y), (x_new, y_new) = draw(2000, seed=0), draw(500, seed=1)
    for name, layer in (("LSTM", Read()), ("attention", Attend())):
        net = cr.Network([layer, nn.Dense(2)], seed=0)
        net.compile("cross_entropy", optim.Adam(0.01), metrics=["accuracy"])
        net.fit(x, y, epochs=20, batch_size=32, verbose=0)
        wrong = 1 - net.evaluate(x_new, y_new)["accuracy"]
        zeros_first = np.take_along_axis(
            x_new, np.argsort(x_new != 0, axis=1, kind="stable"), axis=1
        )
        is_moved = not np.allclose(net.predict(zeros_first), net.predict(x_new), atol=1e-5)
        print(f"{name}: {wrong:.0%} of new sentences wrong; zeros first change it: {is_moved}")


if __name__ == "__main__":
    main()

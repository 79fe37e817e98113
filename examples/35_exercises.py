"""Exercises: write derivatives, and have them judged with the smallest counter-example and a hint.

The max pooling below has the mistake that most have: where two pixels are equally large, both get
the whole gradient. Answers are noted in `chainrule_lab.json` in the current folder, or in that of
the environment variable CHAINRULE_LAB; here that is a temporary one.

Run it with ``python examples/35_exercises.py``. It prints::

    ✗ max_pooling: ∂L/∂x is wrong in 3 of 4 entries
      the smallest counter-example found:
        x               array([[-2., -2.],
                               [-2., -2.]]) in the shape (1, 2, 2, 1)
        d               array(1.375) in the shape (1, 1, 1, 1)
        expected ∂L/∂x  array([[1.375, 0.   ],
                               [0.   , 0.   ]]) in the shape (1, 2, 2, 1)
        got ∂L/∂x       array([[1.375, 1.375],
                               [1.375, 1.375]]) in the shape (1, 2, 2, 1)
      first wrong index [0, 0, 1, 0]: 1.375 instead of 0
      hint: in a tie each of the largest gets all of d: give it to the first, or equal shares
    equal shares: right
    without 1/N: a factor 1/N is missing: the loss is the mean over the batch
    p - y: right
    points: 6
"""

import os
import tempfile

import numpy as np

import chainrule as cr


class MaxPooling:
    """Take the largest of each 2 × 2 square of an image, (batch, height, width, channels)."""

    def forward(self, x):
        n, height, width, channels = x.shape
        squares = x.reshape(n, height // 2, 2, width // 2, 2, channels)
        largest = squares.max(axis=(2, 4))
        self.mask = squares == largest[:, :, None, :, None]
        return largest

    def backward(self, d):
        return self.spread(self.mask * d[:, :, None, :, None])

    def spread(self, squares):
        n, rows, _, columns, _, channels = squares.shape
        return squares.reshape(n, 2 * rows, 2 * columns, channels)


class SharingPooling(MaxPooling):
    """Equally large pixels get equal shares."""

    def backward(self, d):
        share = self.mask / self.mask.sum(axis=(2, 4), keepdims=True)
        return self.spread(share * d[:, :, None, :, None])


def difference(y, z):
    """Return p - y, p = softmax(z)."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) - y


def main():
    os.environ["CHAINRULE_LAB"] = tempfile.mkdtemp()
    print(cr.lab.check("max_pooling", MaxPooling))
    print("equal shares:", "right" if cr.lab.check("max_pooling", SharingPooling) else "wrong")

    verdict = cr.lab.check("softmax_cross_entropy", difference)
    print("without 1/N:", verdict.hint)
    verdict = cr.lab.check("softmax_cross_entropy", lambda y, z: difference(y, z) / len(y))
    print("p - y:", "right" if verdict else verdict.hint)
    print("points:", cr.lab.score().points)


if __name__ == "__main__":
    main()

"""Captions: describe a scene in words, "a red circle left of a blue square".

A convolutional encoder gives the initial state of a recurrent decoder, whose input at each step is
the word before: in training that of the true caption (teacher forcing), afterwards the most
probable one (greedy decoding). The network takes one array: pixels, followed by those words.

Run it with ``python examples/23_captions.py``. It prints::

    accuracy of the next word in scenes of the test part: 1.00

    a green square above a green square .
    a red square left of a red circle .
    a green circle left of a green circle .

    captions that are right in every word: 1.00
"""

import numpy as np

import chainrule as cr
from chainrule import nn

SIZE, PIXELS, STEPS = 16, 16 * 16 * 3, 8
WORDS = [".", "a", "red", "green", "blue", "circle", "square", "left of", "above"]
COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}


class Captioner(nn.Layer):
    """Pixels and words, (batch, pixels + steps), to the state at each step."""

    def __init__(self):
        first, second = (nn.Conv2D(n, 3, strides=2, activation="relu") for n in (16, 32))
        self.encoder = [first, second, nn.Flatten(), nn.Dense(64, activation="tanh")]
        self.embedding = nn.Embedding(len(WORDS), 16)
        self.decoder = nn.GRU(64, return_sequences=True)

    def forward(self, x):
        state = x[:, :PIXELS].reshape(x.shape[0], SIZE, SIZE, 3)
        for layer in self.encoder:
            state = layer(state)
        return self.decoder(self.embedding(x[:, PIXELS:]), initial_state=state)


def draw(image, colour, shape, row, column):
    """Draw a circle or a square, five pixels wide, at a place, and return its words."""
    down, right = map(abs, np.ogrid[-row : SIZE - row, -column : SIZE - column])
    inside = down**2 + right**2 <= 5 if shape == "circle" else np.maximum(down, right) <= 2
    image[inside] = COLOURS[colour]
    return ["a", colour, shape]


def scenes(count, seed):
    """Return images with one or two shapes, and their captions as numbers of words."""
    generator = np.random.default_rng(seed)
    images, captions = np.zeros((count, SIZE, SIZE, 3)), np.zeros((count, STEPS), int)
    for image, caption in zip(images, captions, strict=True):
        colours = generator.choice(list(COLOURS), 2)
        shapes = generator.choice(["circle", "square"], 2)
        near, far, across = (generator.integers(*span) for span in ((2, 6), (10, 14), (2, 14)))
        relation = generator.choice(["alone", "left of", "above"])
        order = -1 if relation == "left of" else 1
        words = draw(image, colours[0], shapes[0], *(near, across)[::order])
        if relation != "alone":
            words += [relation, *draw(image, colours[1], shapes[1], *(far, across)[::order])]
        caption[: len(words)] = [WORDS.index(word) for word in words]
    return images.reshape(count, PIXELS), captions


def decode(net, images):
    """Return the most probable words, each step given those of the steps before."""
    inputs = np.zeros((len(images), STEPS), int)  # later words do not matter to earlier steps
    for step in range(STEPS):
        words = net.predict_class(np.concatenate([images, inputs], axis=1))
        inputs[:, step + 1 : step + 2] = words[:, step : step + 1]
    return words


def with_words(images, captions):
    """Join images and the inputs of each step: a full stop, then all of a caption but the last."""
    return np.concatenate([images, np.roll(captions, 1, axis=1)], axis=1)


def main():
    (images, captions), (unseen, true) = scenes(4000, seed=0), scenes(500, seed=1)
    net = cr.Network([Captioner(), nn.Dense(len(WORDS))], seed=0)
    net.compile("cross_entropy", "adam", learning_rate=0.003, metrics=["accuracy"])
    net.fit(with_words(images, captions), captions, epochs=25, batch_size=50, verbose=0)
    accuracy = net.evaluate(with_words(unseen, true), true)["accuracy"]
    print(f"accuracy of the next word in scenes of the test part: {accuracy:.2f}\n")
    predicted = decode(net, unseen)
    for caption in predicted[:3]:
        print(" ".join(WORDS[word] for word in caption).partition(".")[0] + ".")
    print(
        f"\ncaptions that are right in every word: {np.mean(np.all(predicted == true, axis=1)):.2f}"
    )


if __name__ == "__main__":
    main()

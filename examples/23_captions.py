"""Captions: say what is in a scene, "a red circle left of a blue square".

A convolutional network looks at the image; what it sees is the initial state of a recurrent one,
which says a word at each step and reads it in the next. In training it reads the true caption
(teacher forcing), afterwards its own, the most probable word at each step (greedy decoding). A
network takes one array: the pixels of an image, followed by the words that are read.

Run it with ``python examples/23_captions.py``. It prints::

    the next word is right 1.00 of the time, in scenes never seen

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


class Speaker(nn.Layer):
    """Pixels and words, (batch, pixels + steps), to the state at each step."""

    def __init__(self):
        first, second = (nn.Conv2D(n, 3, strides=2, activation="relu") for n in (16, 32))
        self.eye = [first, second, nn.Flatten(), nn.Dense(64, activation="tanh")]
        self.read = nn.Embedding(len(WORDS), 16)
        self.remember = nn.GRU(64, return_sequences=True)

    def forward(self, x):
        seen = x[:, :PIXELS].reshape(x.shape[0], SIZE, SIZE, 3)
        for layer in self.eye:
            seen = layer(seen)
        return self.remember(self.read(x[:, PIXELS:]), initial_state=seen)


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
        turned = -1 if relation == "left of" else 1
        said = draw(image, colours[0], shapes[0], *(near, across)[::turned])
        if relation != "alone":
            said += [relation, *draw(image, colours[1], shapes[1], *(far, across)[::turned])]
        caption[: len(said)] = [WORDS.index(word) for word in said]
    return images.reshape(count, PIXELS), captions


def say(net, images):
    """Let the network read its own words, one step after the other."""
    read = np.zeros((len(images), STEPS), int)  # what is not said yet does not matter
    for step in range(STEPS):
        said = net.predict_class(np.concatenate([images, read], axis=1))
        read[:, step + 1 : step + 2] = said[:, step : step + 1]
    return said


def given(images, captions):
    """Join images and the words that are read: a full stop, then all of a caption but the last."""
    return np.concatenate([images, np.roll(captions, 1, axis=1)], axis=1)


def main():
    (images, captions), (unseen, true) = scenes(4000, seed=0), scenes(500, seed=1)
    net = cr.Network([Speaker(), nn.Dense(len(WORDS))], seed=0)
    net.compile("cross_entropy", "adam", learning_rate=0.003, metrics=["accuracy"])
    net.fit(given(images, captions), captions, epochs=25, batch_size=50, verbose=0)
    accuracy = net.evaluate(given(unseen, true), true)["accuracy"]
    print(f"the next word is right {accuracy:.2f} of the time, in scenes never seen\n")
    said = say(net, unseen)
    for caption in said[:3]:
        print(" ".join(WORDS[word] for word in caption).partition(".")[0] + ".")
    print(f"\ncaptions that are right in every word: {np.mean(np.all(said == true, axis=1)):.2f}")


if __name__ == "__main__":
    main()

"""Recipes for text: character-level language models, and sampling from them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule import datasets, nn
from chainrule.cli.figures import draw_history
from chainrule.cli.recipe import Parts, Recipe, Run, cosine_adam
from chainrule.cli.validation import hold_out_rows
from chainrule.train.network import Network

__all__ = ["RECIPES", "ngram_entropy", "plays", "write"]

LENGTH = 64
PROMPT = "ROMEO:\n"


@cache
def plays() -> Parts:
    """Return sequences of 64 character codes, and the next character at each position."""
    text = datasets.shakespeare()
    characters, codes = np.unique(list(text), return_inverse=True)
    cut = len(codes) * 9 // 10
    return _rows(characters, codes[:cut]), _rows(characters, codes[cut:])


def _rows(characters: NDArray[Any], codes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    count = (len(codes) - 1) // LENGTH * LENGTH
    following = characters[codes[1 : count + 1]]
    return codes[:count].reshape(-1, LENGTH), following.reshape(-1, LENGTH)


def write(
    net: Network, prompt: str = PROMPT, count: int = 300, temperature: float = 0.8, seed: int = 0
) -> str:
    """Continue a prompt by sampling character by character at a temperature."""
    characters = net.classes or []
    generator = np.random.Generator(np.random.Philox(seed))
    # The context before the prompt is padded by newlines.
    codes = [characters.index(each) for each in "\n" * LENGTH + prompt]
    for _ in range(count):
        probabilities = net.predict_proba(np.array([codes[-LENGTH:]]))[0, -1].astype(float)
        powers = probabilities ** (1 / temperature)
        codes.append(int(generator.choice(len(powers), p=powers / powers.sum())))
    return "".join(characters[code] for code in codes[LENGTH:])


def _report(run: Run) -> None:
    """Print the cross-entropy of the test part against n-gram baselines, and a sample."""
    (X, y), (Z, z) = run.parts
    nats = run.net.evaluate(Z, z)["loss"]
    unigrams, bigrams = ngram_entropy(X, y, Z, z)
    click.echo(
        f"\ntest loss {nats:.3f} nats per character, on the last tenth of the plays\n"
        f"  perplexity {np.exp(nats):.1f}; validation loss {run.history['val_loss'][-1]:.3f}\n"
        f"  {unigrams:.3f} nats by the frequencies of characters (unigrams)\n"
        f"  {bigrams:.3f} nats by those of pairs (bigrams)\n\n"
        f"a sample:\n\n{write(run.net)}"
    )


def ngram_entropy(X: Any, y: Any, Z: Any, z: Any) -> tuple[float, float]:
    """Return the cross-entropy of a text under unigram and bigram frequencies, in nats."""
    characters, following = np.unique(y, return_inverse=True)
    truth = np.searchsorted(characters, z).ravel()
    size = len(characters)
    counts = np.bincount(X.ravel() * size + following.ravel(), minlength=size * size) + 0.1
    table = counts.reshape(size, size)
    unigrams = table.sum(axis=0) / table.sum()
    bigrams = table / table.sum(axis=1, keepdims=True)
    return (
        -float(np.mean(np.log(unigrams[truth]))),
        -float(np.mean(np.log(bigrams[Z.ravel(), truth]))),
    )


def _block() -> list[Any]:
    return [
        nn.Residual([nn.LayerNorm(), nn.MultiHeadAttention(4, 16, causal=True)]),
        nn.Residual([nn.LayerNorm(), nn.Dense(256, activation="gelu"), nn.Dense(64)]),
    ]


def _recipe(title: str, layers: Callable[[int], list[Any]], rate: float, epochs: int) -> Recipe:
    return Recipe(
        title=title,
        load=plays,
        layers=lambda part: layers(len(np.unique(part[1]))),
        optimizer=cosine_adam(rate),
        epochs=epochs,
        batch_size=64,
        report=_report,
        draw=draw_history,
        example=("from chainrule.cli.language import write",),
        show='print(write(net, "JULIET:\\n"))',
        metrics=(),
        hold_out=hold_out_rows,
    )


RECIPES: dict[str, Recipe] = {
    "shakespeare": _recipe(
        "sequences of 64 characters of Shakespeare, predicting the next",
        lambda size: [
            nn.Embedding(size, 64),
            nn.LSTM(128, return_sequences=True),
            nn.Dense(size),
        ],
        rate=0.005,
        epochs=12,
    ),
    "shakespeare-transformer": _recipe(
        "sequences of 64 characters of Shakespeare, predicting the next, by a transformer",
        lambda size: [
            nn.Embedding(size, 64),
            nn.PositionEmbedding(),
            *_block(),
            *_block(),
            nn.LayerNorm(),
            nn.Dense(size),
        ],
        rate=0.003,
        epochs=24,
    ),
}

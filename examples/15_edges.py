"""Edges in a photo: by Sobel's filter, and by one that is learned.

Sobel's filter weights nine neighbours by -1, 0, 1, -2, 0, 2, -1, 0, 1: the horizontal derivative of
the brightness. A convolution layer trained on a photo and its edges learns these weights, and then
finds the edges of another photo.

Run it with ``CHAINRULE_DATA=folder python examples/15_edges.py``; the extra ``images`` reads
the photos. It writes ``edges.png`` into the current folder, and prints::

    before training, the layer's edges differ by 1.02 of theirs
    after training, by 0.000, and its filter is
       -1.00    0.00    1.00
       -2.00    0.00    2.00
       -1.00    0.00    1.00
    on the cat, by 0.000
"""

import matplotlib.pyplot as plt
import numpy as np

import chainrule as cr
from chainrule import datasets, nn, optim

SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)


@cr.jit
def filtered(image, kernel):
    """Correlate an image with a kernel."""
    neighbours = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijuv,uv->ij", neighbours, kernel)


def gradient_magnitude(image, kernel=SOBEL):
    """Return the magnitude of the brightness's gradient, by a filter and its transpose."""
    return np.hypot(filtered(image, kernel), filtered(image, np.ascontiguousarray(kernel.T)))


def tiles(image, size=64):
    """Cut an image into square tiles, the samples of the training."""
    height, width = (length // size for length in image.shape)
    cut = image[: height * size, : width * size].reshape(height, size, width, size)
    return cut.swapaxes(1, 2).reshape(-1, size, size, 1)


def edges_of(squares):
    """Return Sobel's output for each tile, the target of the layer."""
    return np.stack([filtered(each[..., 0], SOBEL) for each in squares])[..., None]


def difference(net, squares):
    """Return the error relative to the size of the edges."""
    expected = edges_of(squares)
    return np.linalg.norm(net.predict(squares) - expected) / np.linalg.norm(expected)


def draw(path, panels):
    """Draw photos and edges in grey, and filters of 3 × 3 in colour with their weights."""
    figure, axes = plt.subplots(2, 3, figsize=(9, 6.5), layout="constrained")
    for axis, (title, image) in zip(axes.flat, panels.items(), strict=True):
        axis.set(title=title, xticks=[], yticks=[])
        if len(image) > 3:
            colours, most = ("gray_r", 2) if "edges" in title else ("gray", 1)
            axis.imshow(image[:300, 75:375], colours, vmin=0, vmax=most)
            continue
        axis.imshow(image, cmap="RdBu_r", vmin=-3, vmax=3)
        for (row, column), weight in np.ndenumerate(image.round(2) + 0):
            axis.text(column, row, f"{weight:.2f}", ha="center", va="center", fontsize=15)
    figure.savefig(path, dpi=100)


def main():
    photos = datasets.photos()
    camera = photos["camera"] / np.float32(255)
    cat = photos["chelsea"].mean(axis=2, dtype=np.float32) / 255
    net = cr.Network([nn.Conv2D(1, 3, use_bias=False)], seed=0)
    net.compile("mse", optim.Adam(optim.cosine(0.05, epochs=600)))
    squares = tiles(camera)
    print(f"before training, the layer's edges differ by {difference(net, squares):.2f} of theirs")
    before = net.params["conv2d.weight"][:, :, 0, 0].copy()
    net.fit(squares, edges_of(squares), epochs=600, batch_size=8, verbose=0)
    print(f"after training, by {difference(net, squares):.3f}, and its filter is")
    learned = net.params["conv2d.weight"][:, :, 0, 0]
    for row in learned.round(2) + 0:  # + 0: no negative zero
        print("".join(f"{number:8.2f}" for number in row))
    print(f"on the cat, by {difference(net, tiles(cat)):.3f}")
    panels = {
        "the training photo": camera,
        "the filter before training": before,
        "and after training": learned,
        "another photo": cat,
        "its edges by Sobel's filter": gradient_magnitude(cat),
        "its edges by the learned filter": gradient_magnitude(cat, learned),
    }
    draw("edges.png", panels)


if __name__ == "__main__":
    main()

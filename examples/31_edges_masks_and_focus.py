"""Edges at every angle, masks and focus of photographs.

Sobel's filter differentiates the brightness in a direction: at 0° it answers to vertical edges, at
90° to horizontal ones, at 45° to those across the diagonal. A threshold from the histogram makes a
mask; Canny's method thins the edges to lines. The variance of the Laplacian tells how sharp an
image is: each blur makes it smaller, which is how a camera finds its focus.

Run it with ``CHAINRULE_DATA=folder python examples/31_edges_masks_and_focus.py``; the extras
``images`` and ``plot`` read and draw. It writes ``photographs.png`` into the current folder, and
prints::

    camera: levels by otsu 102, mean 129, triangle 42
    camera: the mask by otsu has 68 % of the pixels, Canny's edges 2.4 %
    sharpness of camera, blurred by 0, 1, 2 and 4 pixels: 1128.5 48.6 6.0 0.5
    sharpness of chelsea, blurred by 0, 1, 2 and 4 pixels: 398.4 19.7 2.5 0.3
    the camera's edges turn by 45 degrees with the filter: True
"""

import matplotlib.pyplot as plt
import numpy as np

from chainrule import datasets, science


def draw(path, panels):
    figure, axes = plt.subplots(2, 3, figsize=(9, 6.3), layout="constrained")
    for axis, (title, image) in zip(axes.flat, panels.items(), strict=True):
        axis.set(title=title, xticks=[], yticks=[])
        axis.imshow(image, "gray")
    figure.savefig(path, dpi=100)


def main():
    photos = datasets.photos()
    camera = photos["camera"]
    levels = {name: science.threshold(camera, name, return_level=True)[1]
              for name in ("otsu", "mean", "triangle")}  # fmt: skip
    print("camera: levels by", ", ".join(f"{name} {level:.0f}" for name, level in levels.items()))
    mask, edges = science.threshold(camera), science.canny(camera, sigma=2.0)
    print(f"camera: the mask by otsu has {100 * mask.mean():.0f} % of the pixels, ", end="")
    print(f"Canny's edges {100 * edges.mean():.1f} %")

    for name in ("camera", "chelsea"):
        blurred = [science.gaussian(photos[name], sigma) for sigma in (0, 1, 2, 4)]
        measures = [f"{science.sharpness(image):.1f}" for image in blurred]
        print(f"sharpness of {name}, blurred by 0, 1, 2 and 4 pixels:", *measures)

    right, diagonal, down = science.sobel(camera, [0, 45, 90])
    is_turned = np.allclose(diagonal, (right + down) / np.sqrt(2), atol=1e-3)
    print("the camera's edges turn by 45 degrees with the filter:", is_turned)
    panels = {
        "0°": np.abs(right),
        "45°": np.abs(diagonal),
        "90°": np.abs(down),
        "the photograph": camera,
        "mask by Otsu's level": mask,
        "edges by Canny's method": edges,
    }
    draw("photographs.png", panels)


if __name__ == "__main__":
    main()

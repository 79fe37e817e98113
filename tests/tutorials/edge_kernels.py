"""Edges of an image by kernels, in loops over its pixels."""

import numpy as np

sobel_x = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
sobel_y = sobel_x.T
laplacian_kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])


def filter_image(image, kernel):
    h, w = image.shape
    kh, kw = kernel.shape
    padded = np.pad(image, ((kh // 2, kh // 2), (kw // 2, kw // 2)), mode="edge")
    out = np.zeros_like(image)
    for i in range(h):
        for j in range(w):
            patch = padded[i : i + kh, j : j + kw]
            out[i, j] = np.sum(patch * kernel)
    return out


def sobel(image):
    gx = filter_image(image, sobel_x)
    gy = filter_image(image, sobel_y)
    magnitude = np.sqrt(gx**2 + gy**2)
    magnitude *= 255.0 / magnitude.max()
    return magnitude


def laplacian(image):
    out = np.zeros_like(image)
    for i in range(1, image.shape[0] - 1):
        for j in range(1, image.shape[1] - 1):
            out[i, j] = (
                image[i - 1, j]
                + image[i + 1, j]
                + image[i, j - 1]
                + image[i, j + 1]
                - 4 * image[i, j]
            )
    return out


def sharpen(image):
    out = image - 0.2 * filter_image(image, laplacian_kernel)
    out[out < 0] = 0
    out[out > 1] = 1
    return out


def edges(image, threshold):
    magnitude = sobel(image)
    magnitude[magnitude < threshold] = 0
    return magnitude

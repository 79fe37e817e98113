"""Edge filters in loops over the pixels, with assignment to each."""

import numpy as np
import pytest
from scipy import signal

import chainrule as cr
from tests.tutorials import edge_kernels
from tests.tutorials.agreement import assert_close, assert_runs_unchanged
from tests.tutorials.edge_kernels import filter_image, laplacian_kernel, sobel_x

IMAGE = np.random.default_rng(0).uniform(0.2, 0.8, size=(4, 4))


@pytest.mark.parametrize("name", ["laplacian", "sharpen"])
def test_a_filter_runs_unchanged(name):
    assert_runs_unchanged(getattr(edge_kernels, name), IMAGE)


def test_sobels_filter_with_a_threshold_runs_unchanged():
    edges = edge_kernels.edges(IMAGE, 100.0)
    assert 0 < np.sum(edges == 0) < edges.size
    assert_runs_unchanged(lambda image: edge_kernels.edges(image, 100.0), IMAGE)


def test_a_filter_is_differentiated_with_respect_to_its_kernel():
    assert_runs_unchanged(filter_image, IMAGE, sobel_x.astype(float))


def test_the_gradient_with_respect_to_the_image_is_the_flipped_filter_of_the_gradient():
    """By hand: the transpose of a correlation is a convolution (here, inside the borders)."""
    weights = np.zeros_like(IMAGE)
    weights[1:-1, 1:-1] = np.random.default_rng(1).normal(size=(2, 2))
    for kernel in (sobel_x, sobel_x.T, laplacian_kernel):
        derived = cr.grad(lambda image, k=kernel: np.sum(weights * filter_image(image, k)))(IMAGE)
        by_hand = signal.convolve2d(weights, kernel, "same")
        assert_close(derived, by_hand)


def test_filters_compile_once_and_agree_with_scipy():
    compiled = cr.jit(lambda image: filter_image(image, sobel_x))
    for seed in range(3):
        image = np.random.default_rng(seed).normal(size=(6, 7))
        expected = signal.correlate2d(image, sobel_x, "same", boundary="symm")
        assert_close(compiled(image), expected)

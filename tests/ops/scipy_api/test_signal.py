"""Convolutions of images have SciPy's values and exact derivatives."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import scipy.signal
from scipy.signal import convolve2d, correlate2d
from scipy.special import log_softmax, logsumexp, softmax

import chainrule as cr
from chainrule.errors import ChainruleError
from chainrule.ops.scipy_api import signal
from tests.ops.numpy_api.function_table import Table, check_derivatives

GENERATOR = np.random.default_rng(0)
SHAPES = [((5, 6), (3, 3)), ((5, 6), (2, 4)), ((2, 4), (5, 6)), ((4, 4), (4, 4))]
PAIRS = [(GENERATOR.normal(size=a), GENERATOR.normal(size=b)) for a, b in SHAPES]
MODES = ("full", "same", "valid")


@pytest.mark.parametrize("name", ["convolve2d", "correlate2d"])
def test_images_have_scipys_values(name: str) -> None:
    for (a, b), mode, boundary in product(PAIRS, MODES, ("fill", "wrap", "symm")):
        expected = getattr(scipy.signal, name)(a, b, mode, boundary, fillvalue=1.5)
        got = getattr(signal, name)(a, b, mode, boundary, 1.5)
        np.testing.assert_allclose(got, expected, atol=1e-13)


@pytest.mark.parametrize("name", ["convolve", "correlate"])
def test_arrays_have_scipys_values(name: str) -> None:
    lines = [(a[0], b[:, 0]) for a, b in PAIRS]
    for (a, b), mode in product(PAIRS + lines, MODES):
        expected = getattr(scipy.signal, name)(a, b, mode)
        np.testing.assert_allclose(getattr(signal, name)(a, b, mode), expected, atol=1e-13)


def test_convolutions_have_derivatives() -> None:
    table: Table = {
        f"{function.__name__} {mode} {boundary}": (
            lambda a, b, f=function, m=mode, e=boundary: f(a, b, m, e),
            *PAIRS[1],
        )
        for function in (signal.convolve2d, signal.correlate2d)
        for mode, boundary in (("full", "fill"), ("same", "wrap"), ("valid", "fill"))
    }
    check_derivatives(table)


def test_misfits_are_refused() -> None:
    image, kernel = PAIRS[0]
    cases: list[tuple[Any, str]] = [
        (lambda: signal.convolve2d(image, kernel[0]), "two axes"),
        (lambda: signal.convolve2d(image, kernel, "whole"), "whole"),
        (lambda: signal.convolve2d(image, kernel, boundary="none"), "none"),
        (lambda: signal.correlate2d(image, np.ones((9, 1)), "valid"), "every axis"),
    ]
    for call, words in cases:
        with pytest.raises(ChainruleError, match=words):
            call()


def test_functions_imported_by_name_are_traced() -> None:
    image, kernel = PAIRS[0]
    cases: Table = {
        "convolve2d": (lambda a: convolve2d(a, kernel, "same", "symm"), image),
        "correlate2d": (lambda a, k: correlate2d(a, k, "valid"), image, kernel),
        "softmax": (lambda a: softmax(a, axis=1), image),
        "log_softmax": (lambda a: log_softmax(a, axis=0), image),
        "logsumexp": (lambda a: logsumexp(a, axis=1, keepdims=True), image),
    }
    for name, (function, *arrays) in cases.items():
        expected = function(*arrays)
        np.testing.assert_allclose(cr.jit(function)(*arrays), expected, 1e-13, err_msg=name)
        np.testing.assert_allclose(cr.vjp(function, *arrays)[0], expected, 1e-13, err_msg=name)
    check_derivatives(cases, compiled=False)

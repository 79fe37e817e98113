"""Direct convolution as one contraction: loops of rows and of depth read windows in place."""

import itertools

import numpy as np
import pytest
from scipy.signal import correlate

from chainrule.compiler.backends.llvm.contraction import tiling
from chainrule.compiler.backends.llvm.contraction.kernel_shape import KernelLoop, KernelShape
from chainrule.compiler.backends.llvm.contraction.loop_roles import assign_roles
from tests.compiler.programs.vector_units import UNITS

SHAPES = [
    # samples, height, width, input channels, output channels, kernel size, stride, dilation
    (2, 9, 14, 3, 20, 3, 1, 1),
    (1, 12, 11, 1, 32, 5, 2, 1),
    (3, 7, 7, 17, 5, 2, 1, 3),
    (2, 40, 5, 8, 70, 1, 3, 1),
]


def output_size(length, kernel, stride, dilation):
    return (length - (kernel - 1) * dilation - 1) // stride + 1


def forward(shape, dtype):
    """y[n, p, q, o] = sum of x[n, s p + d i, s q + d j, c] * w[i, j, c, o]."""
    n, h, w, c, o, k, s, d = shape
    p, q = output_size(h, k, s, d), output_size(w, k, s, d)
    loops = [
        KernelLoop(n, h * w * c, 0, p * q * o),
        KernelLoop(p, s * w * c, 0, q * o),
        KernelLoop(q, s * c, 0, o),
        KernelLoop(o, 0, 1, 1),
        KernelLoop(c, 1, o),
        KernelLoop(k, d * w * c, k * c * o),
        KernelLoop(k, d * c, c * o),
    ]
    return KernelShape(dtype, tuple(loops)), (n, p, q, o)


def kernel_gradient(shape, dtype):
    """dw[i, j, c, o] = sum of x[n, s p + d i, s q + d j, c] * dy[n, p, q, o]."""
    n, h, w, c, o, k, s, d = shape
    p, q = output_size(h, k, s, d), output_size(w, k, s, d)
    loops = [
        KernelLoop(k, d * w * c, 0, k * c * o),
        KernelLoop(k, d * c, 0, c * o),
        KernelLoop(c, 1, 0, o),
        KernelLoop(o, 0, 1, 1),
        KernelLoop(n, h * w * c, p * q * o),
        KernelLoop(p, s * w * c, q * o),
        KernelLoop(q, s * c, o),
    ]
    return KernelShape(dtype, tuple(loops)), (k, k, c, o)


def images(shape, dtype):
    n, h, w, c, *_ = shape
    return np.random.default_rng(h).standard_normal((n, h, w, c)).astype(dtype)


def correlation(x, kernel, stride, dilation):
    """The convolution by SciPy, in float64."""
    dilated = np.zeros([(n - 1) * dilation + 1 for n in kernel.shape[:2]] + list(kernel.shape[2:]))
    dilated[::dilation, ::dilation] = kernel
    result = [
        [correlate(sample, dilated[..., o], "valid")[::stride, ::stride, 0] for sample in x]
        for o in range(kernel.shape[-1])
    ]
    return np.moveaxis(np.array(result), 0, -1)


@pytest.mark.parametrize("unit", [None, *UNITS])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_contraction_of_windows_is_the_correlation_of_scipy(
    in_child, contraction_kernel, shape, unit
):
    def check():
        contraction, result = forward(shape, "float64")
        *_, c, o, k, s, d = shape
        x, kernel = images(shape, "float64"), np.random.default_rng(1).random((k, k, c, o))
        out = np.full(result, np.nan)
        contraction_kernel(contraction, unit).call(out, x, kernel)
        np.testing.assert_allclose(out, correlation(x, kernel, s, d), rtol=1e-10, atol=1e-10)

    in_child(check)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_kernel_gradient_sums_over_all_output_positions(
    in_child, contraction_kernel, shape, swapped
):
    def check():
        contraction, result = kernel_gradient(shape, "float64")
        n, h, w, _, o, k, s, d = shape
        p, q = output_size(h, k, s, d), output_size(w, k, s, d)
        x, dy = images(shape, "float64"), np.random.default_rng(1).random((n, p, q, o))
        out, expected = np.full(result, np.nan), np.zeros(result)
        for i, j in itertools.product(range(k), repeat=2):
            window = x[:, d * i : d * i + s * (p - 1) + 1 : s, d * j : d * j + s * (q - 1) + 1 : s]
            expected[i, j] = np.einsum("npqc,npqo->co", window, dy)
        operands = (x, dy)
        if swapped:
            loops = tuple(loop.swapped for loop in contraction.loops)
            contraction, operands = KernelShape("float64", loops), (dy, x)
        contraction_kernel(contraction).call(out, *operands)
        np.testing.assert_allclose(out, expected, rtol=1e-10, atol=1e-10)

    in_child(check)


@pytest.mark.parametrize("shape", SHAPES)
def test_any_partition_of_a_convolution_gives_the_same_bits(in_child, contraction_kernel, shape):
    def check():
        contraction, result = forward(shape, "float32")
        *_, c, o, k, _, _ = shape
        x, kernel = images(shape, "float32"), np.ones((k, k, c, o), "float32") / 3
        compiled = contraction_kernel(contraction)
        whole = compiled.call(np.full(result, np.nan, "float32"), x, kernel).copy()
        out = np.full(result, np.nan, "float32")
        for tile, panel in itertools.product(*map(range, compiled.trip_counts[1:])):
            compiled.call(out, x, kernel, (tile, tile + 1), (panel, panel + 1))
        assert out.tobytes() == whole.tobytes()
        results = {
            contraction_kernel(contraction, unit).call(np.empty_like(out), x, kernel).tobytes()
            for unit in (None, *UNITS)
        }
        assert results == {whole.tobytes()}

    in_child(check)


def test_blocks_of_depth_change_no_bit(in_child, contraction_kernel, monkeypatch):
    """Sums of one chain, of blocks and of blocks of blocks; ragged columns; any partition."""
    cases = [
        (kernel_gradient((1, 32, 33, 7, 37, 3, 1, 1), "float32")[0], 37, 63, 930),
        (kernel_gradient((5, 20, 23, 6, 30, 3, 1, 1), "float64")[0], 30, 54, 1890),
        (KernelShape("float32", (KernelLoop(40, 1, 0, 30), KernelLoop(30, 0, 1, 1),
                                 KernelLoop(9000, 40, 30))), 30, 40, 9000),
    ]  # fmt: skip

    def check():
        for shape, columns, rows, depth in cases:
            draw = np.random.default_rng(depth)
            left, right = (
                draw.standard_normal(depth * size * 2).astype(shape.dtype)
                for size in (rows, columns)
            )
            blocked = contraction_kernel(shape)
            assert blocked.kernel.tiling.depth_blocking
            out = np.full((rows, columns), np.nan, shape.dtype)
            for tile, panel in itertools.product(*map(range, blocked.trip_counts[1:])):
                blocked.call(out, left, right, (tile, tile + 1), (panel, panel + 1))
            with monkeypatch.context() as patch:
                patch.setattr(tiling, "choose_depth_blocking", lambda *_: None)
                tiling.choose_tiling.cache_clear()
                whole = contraction_kernel(shape).call(out.copy(), left, right).tobytes()
            tiling.choose_tiling.cache_clear()
            assert whole == out.tobytes() == blocked.call(out, left, right).tobytes()
            for unit in UNITS[1:]:
                assert whole == contraction_kernel(shape, unit).call(out, left, right).tobytes()

    in_child(check)


def test_depthwise_convolution_is_vectorized_along_channels(in_child, contraction_kernel):
    """y[n, p, c] = sum of x[n, p + i, c] * w[i, c], with both orders of the operands."""

    def check():
        n, p, c, k = 2, 13, 37, 4
        loops = (
            KernelLoop(n, (p + k - 1) * c, 0, p * c),
            KernelLoop(p, c, 0, c),
            KernelLoop(c, 1, 1, 1),
            KernelLoop(k, c, c),
        )
        x = np.random.default_rng(0).standard_normal((n, p + k - 1, c)).astype("float32")
        kernel = np.random.default_rng(1).standard_normal((k, c)).astype("float32")
        expected = sum(x[:, i : i + p] * kernel[i] for i in range(k))
        for swapped in (False, True):
            order = tuple(loop.swapped for loop in loops) if swapped else loops
            operands = (kernel, x) if swapped else (x, kernel)
            contraction = KernelShape("float32", order)
            assert assign_roles(contraction).column.left == 1
            out = np.full((n, p, c), np.nan, "float32")
            contraction_kernel(contraction).call(out, *operands)
            np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)

    in_child(check)


def test_a_flipped_and_transposed_kernel_is_packed(in_child, contraction_kernel):
    """dx[p, c] = sum of dy[p + i, o] * w[k - 1 - i, c, o]: the input gradient."""

    def check():
        p, c, o, k = 30, 21, 19, 3
        dy = np.random.default_rng(0).standard_normal((p + k - 1, o)).astype("float32")
        kernel = np.random.default_rng(1).standard_normal((k, c, o)).astype("float32")
        loops = (
            KernelLoop(p, o, 0, c),
            KernelLoop(c, 0, o, 1),
            KernelLoop(k, o, -c * o),
            KernelLoop(o, 1, 1),
        )
        out = np.full((p, c), np.nan, "float32")
        compiled = contraction_kernel(KernelShape("float32", loops))
        compiled.call(out, dy, kernel[k - 1 :].reshape(-1))
        expected = sum(dy[i : i + p] @ kernel[k - 1 - i].T for i in range(k))
        np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4)

    in_child(check)

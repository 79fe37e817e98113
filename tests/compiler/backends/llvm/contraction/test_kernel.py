import ctypes

import numpy as np
import pytest

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.contraction.kernel_shape import KernelLoop, KernelShape
from chainrule.compiler.backends.llvm.contraction.loop_roles import assign_roles
from chainrule.compiler.backends.llvm.contraction.tiling import choose_tiling
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.backends.llvm.vector_memory import load_vector
from tests.compiler.programs.vector_units import UNITS

SHAPES = [
    # rows, depth, columns
    (1, 1, 1),
    (7, 13, 5),
    (1, 40, 97),
    (97, 40, 1),
    (64, 100, 10),
    (33, 300, 49),
    (21, 30, 100),
    (9, 30, 56),
    (17, 1, 70),
]
# Row-major (n) or column-major (t): left, right, out.
LAYOUTS = [a + b + c for a in "nt" for b in "nt" for c in "nt"]


def strides(layout, rows, columns):
    return (columns, 1) if layout == "n" else (1, rows)


def operand(random, layout, rows, columns, dtype):
    order = "C" if layout == "n" else "F"
    return np.asarray(random.standard_normal((rows, columns)), dtype, order=order)


def matmul_shape(rows, depth, columns, layout="nnn", dtype="float32", out_strides=None):
    """out[r, c] = sum of left[r, k] * right[k, c]."""
    left, right = strides(layout[0], rows, depth), strides(layout[1], depth, columns)
    out = out_strides or strides(layout[2], rows, columns)
    loops = (
        KernelLoop(rows, left[0], 0, out[0]),
        KernelLoop(columns, 0, right[1], out[1]),
        KernelLoop(depth, left[1], right[0]),
    )
    return KernelShape(dtype, loops)


def operands(shape, layout, dtype):
    rows, depth, columns = shape
    random = np.random.default_rng(sum(shape))
    left = operand(random, layout[0], rows, depth, dtype)
    right = operand(random, layout[1], depth, columns, dtype)
    out = np.full((rows, columns), np.nan, dtype, order="C" if layout[2] == "n" else "F")
    return out, left, right


def product_and_bound(left, right):
    """The product in a wider dtype, and the rounding error bound of a sum in the order of depth."""
    wide = np.longdouble if left.dtype == np.float64 else np.float64
    exact = left.astype(wide) @ right.astype(wide)
    magnitude = np.abs(left).astype(wide) @ np.abs(right).astype(wide)
    bound = (left.shape[1] + 1) * np.finfo(left.dtype).eps * magnitude
    return exact, bound


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("unit", [None, *UNITS])
def test_kernels_of_every_layout_compute_the_matrix_product(
    in_child, contraction_kernel, unit, dtype
):
    def check():
        for number, layout in enumerate(LAYOUTS):
            for shape in SHAPES[number % 2 :: 2]:
                out, left, right = operands(shape, layout, dtype)
                kernel = contraction_kernel(matmul_shape(*shape, layout, dtype), unit)
                kernel.call(out, left, right)
                exact, bound = product_and_bound(left, right)
                assert (np.abs(out - exact) <= bound).all(), (shape, layout)

    in_child(check)


def test_bits_depend_neither_on_vector_unit_nor_on_layout(in_child, contraction_kernel):
    def check():
        shape, results = (19, 70, 37), set()
        for unit in (None, *UNITS):
            for layout in ("nnn", "ntn", "tnn", "nnt"):
                out, left, right = operands(shape, layout, "float32")
                contraction_kernel(matmul_shape(*shape, layout), unit).call(out, left, right)
                results.add(out.tobytes("C"))
        assert len(results) == 1

    in_child(check)


def test_any_partition_of_tiles_and_panels_gives_the_same_bits(in_child, contraction_kernel):
    def check():
        # The rows of the second shape are computed in blocks.
        for layout, shape in (
            *((layout, (53, 64, 200)) for layout in ("nnn", "ntn", "nnt")),
            *((layout, (900, 130, 70)) for layout in ("nnn", "ntn", "tnn")),
        ):
            out, left, right = operands(shape, layout, "float32")
            kernel = contraction_kernel(matmul_shape(*shape, layout))
            whole = kernel.call(out, left, right).copy("K")
            _, tiles, panels = kernel.trip_counts
            out.fill(np.nan)
            for tile in range(tiles):
                for panel in range(panels):
                    kernel.call(out, left, right, (tile, tile + 1), (panel, panel + 1))
            assert out.tobytes() == whole.tobytes()
            exact, bound = product_and_bound(left, right)
            assert (np.abs(out - exact) <= bound).all(), (shape, layout)

    in_child(check)


def test_nothing_is_stored_outside_of_the_output(in_child, contraction_kernel):
    def check():
        rows, depth, columns = 20, 9, 50
        shape = matmul_shape(rows, depth, columns, out_strides=(64, 1))
        random = np.random.default_rng(0)
        left = random.standard_normal((rows, depth)).astype("float32")
        right = random.standard_normal((depth, columns)).astype("float32")
        out = np.full((rows + 2, 64), 7.0, "float32")
        contraction_kernel(shape).call(out, left, right)
        assert (out[rows:] == 7.0).all()
        assert (out[:, columns:] == 7.0).all()
        assert np.allclose(out[:rows, :columns], left @ right, atol=1e-5)

    in_child(check)


def test_batched_kernels_accept_strided_operands(in_child, contraction_kernel):
    def check():
        random = np.random.default_rng(1)
        left = random.standard_normal((3, 6, 10, 2)).astype("float64")
        right = random.standard_normal((10, 3, 5, 4)).astype("float64")
        out = np.full((3, 6, 5, 3), 7.0)
        # Every second element of left, every fourth of right, every third of out.
        shape = KernelShape(
            "float64",
            (
                KernelLoop(3, 120, 20, 90),
                KernelLoop(6, 20, 0, 15),
                KernelLoop(5, 0, 4, 3),
                KernelLoop(10, 2, 60),
            ),
        )
        contraction_kernel(shape).call(out, left, right)
        expected = np.einsum("brk,kbc->brc", left[..., 0], right[..., 0])
        assert np.allclose(out[..., 0], expected)
        assert (out[..., 1:] == 7.0).all()

    in_child(check)


@pytest.mark.parametrize("layout", ["nnn", "nnt"])
def test_an_epilogue_gets_row_and_column_indices_and_the_mask(in_child, contraction_kernel, layout):
    """A bias by column plus the row index, added to the accumulators in registers."""

    def check():
        shape = (11, 8, 21)
        swapped = layout == "nnt"

        def epilogue(site, accumulators):
            builder, width = site.builder, accumulators.type.count
            row_stride, column_stride = (1, 11) if swapped else (21, 1)
            column = site.indices[column_stride]
            element = accumulators.type.element
            row = builder.sitofp(site.indices[row_stride], element)
            bias = emit.address(builder, site.context, column, "float32")
            rows = emit.splat(builder, row, width)
            if swapped:
                bias = emit.splat(builder, builder.load(bias, typ=element), width)
                lanes = list(map(float, range(width)))
                steps = ir.Constant(emit.vector_type("float32", width), lanes)
                rows = builder.fadd(rows, steps)
            else:
                bias = load_vector(builder, bias, accumulators.type, site.mask)
            return builder.fadd(builder.fadd(accumulators, bias), rows)

        out, left, right = operands(shape, layout, "float32")
        kernel = contraction_kernel(matmul_shape(*shape, layout), epilogue=epilogue)
        assert kernel.swapped == swapped
        bias = np.arange(21, dtype="float32") * 100
        kernel.call(out, left, right, context=bias.ctypes.data_as(ctypes.c_void_p))
        expected = left @ right + bias + np.arange(11)[:, None]
        assert np.allclose(out, expected, rtol=1e-5)

    in_child(check)


@pytest.mark.parametrize("layout", ["nnn", "tnn"])
def test_a_single_column_is_vectorized_along_rows(in_child, contraction_kernel, layout):
    def check():
        def double(site, accumulators):
            return site.builder.fadd(accumulators, accumulators)

        out, left, right = operands((45, 33, 1), layout, "float32")
        kernel = contraction_kernel(matmul_shape(45, 33, 1, layout), epilogue=double)
        assert kernel.swapped
        kernel.call(out, left, right)
        assert np.allclose(out, 2 * (left @ right), rtol=1e-4, atol=1e-5)

    in_child(check)


def test_packed_operands_give_the_same_product(in_child, contraction_kernel):
    def check():
        deep = (70, 300, 100)  # rows of `right` are 400 bytes apart
        for shape, layout in (*(((600, 70, 400), x) for x in ("tnn", "nnn", "ttn")), (deep, "nnn")):
            out, left, right = operands(shape, layout, "float32")
            kernel = contraction_kernel(matmul_shape(*shape, layout))
            _, tiles, panels = kernel.trip_counts
            kernel.call(out, left, right, panels=(1, panels))
            kernel.call(out, left, right, tiles=(0, 3), panels=(0, 1))
            kernel.call(out, left, right, tiles=(3, tiles), panels=(0, 1))
            exact, bound = product_and_bound(left, right)
            assert (np.abs(out - exact) <= bound).all(), layout

    in_child(check)


def test_infinities_nan_and_subnormals_propagate_as_in_numpy(in_child, contraction_kernel):
    def check():
        left = np.array([[np.inf, 1.0], [np.nan, 1.0], [1e-45, 0.0], [3e38, 3e38]], "float32")
        right = np.array([[1.0, 0.0], [1.0, 1.0]], "float32")
        out = np.zeros((4, 2), "float32")
        contraction_kernel(matmul_shape(4, 2, 2)).call(out, left, right)
        with np.errstate(all="ignore"):
            assert np.array_equal(out, left @ right, equal_nan=True)

    in_child(check)


@pytest.mark.parametrize("columns", [1, 5, 16, 17, 100, 1024])
@pytest.mark.parametrize("rows", [1, 7, 64, 784])
def test_tiles_cover_the_output_once_and_fit_the_registers(rows, columns):
    for unit in (None, *UNITS):
        target = host_target(unit)
        roles = assign_roles(matmul_shape(rows, 10, columns))
        tiling = choose_tiling(roles, target)
        width, extent = tiling.width, roles.column.extent
        tiled = tiling.tiled_row.extent
        assert tiled * extent == rows * columns
        assert (tiling.row_tiles - 1) * tiling.row_tile + tiling.last_rows == tiled
        assert 1 <= tiling.last_rows <= tiling.row_tile
        column = panel = 0
        for group in tiling.groups:
            assert (group.first_panel, group.first_column) == (panel, column)
            panel += group.panels
            column += group.panels * group.vectors * width
            accumulators = tiling.row_tile * group.vectors
            assert accumulators + group.vectors + 1 <= target.registers
        assert extent <= column < extent + width
        end = column - width + group.last_lanes
        assert end >= extent
        assert group.is_masked == (end > extent)

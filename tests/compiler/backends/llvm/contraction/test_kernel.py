import ctypes

import numpy as np
import pytest

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.contraction.loop_roles import (
    KernelLoop,
    KernelShape,
    arrange,
    matrix_product,
)
from chainrule.compiler.backends.llvm.contraction.tiling import choose_tiling
from chainrule.compiler.backends.llvm.target import host_target
from chainrule.compiler.backends.llvm.vector_memory import load_vector
from tests.compiler.programs.vector_units import UNITS

SHAPES = [
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
LAYOUTS = [a + b + c for a in "nt" for b in "nt" for c in "nt"]


def strides(layout, rows, columns):
    return (columns, 1) if layout == "n" else (1, rows)


def operand(random, layout, rows, columns, dtype):
    order = "C" if layout == "n" else "F"
    return np.asarray(random.standard_normal((rows, columns)), dtype, order=order)


def product(rows, depth, columns, layout="nnn", dtype="float32"):
    return matrix_product(
        dtype, rows, columns, depth,
        strides(layout[0], rows, depth), strides(layout[1], depth, columns),
        strides(layout[2], rows, columns),
    )  # fmt: skip


def operands(shape, layout, dtype):
    rows, depth, columns = shape
    random = np.random.default_rng(sum(shape))
    left = operand(random, layout[0], rows, depth, dtype)
    right = operand(random, layout[1], depth, columns, dtype)
    out = np.full((rows, columns), np.nan, dtype, order="C" if layout[2] == "n" else "F")
    return out, left, right


def chained(left, right):
    """The sum in the order of k, in twice the precision, for the error bound."""
    wide = np.longdouble if left.dtype == np.float64 else np.float64
    exact = left.astype(wide) @ right.astype(wide)
    size = np.abs(left).astype(wide) @ np.abs(right).astype(wide)
    bound = (left.shape[1] + 1) * np.finfo(left.dtype).eps * size
    return exact, bound


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("unit", [None, *UNITS])
def test_every_layout_gives_the_matrix_product(in_child, contraction_kernel, unit, dtype):
    def check():
        for number, layout in enumerate(LAYOUTS):
            for shape in SHAPES[number % 2 :: 2]:
                out, left, right = operands(shape, layout, dtype)
                kernel = contraction_kernel(product(*shape, layout, dtype), unit)
                kernel.call(out, left, right)
                exact, bound = chained(left, right)
                assert (np.abs(out - exact) <= bound).all(), (shape, layout)

    in_child(check)


def test_bits_depend_neither_on_vector_unit_nor_on_layout(in_child, contraction_kernel):
    def check():
        shape, results = (19, 70, 37), set()
        for unit in (None, *UNITS):
            for layout in ("nnn", "ntn", "tnn", "nnt"):
                out, left, right = operands(shape, layout, "float32")
                contraction_kernel(product(*shape, layout), unit).call(out, left, right)
                results.add(out.tobytes("C"))
        assert len(results) == 1

    in_child(check)


def test_any_split_of_tiles_and_panels_gives_the_same_bits(in_child, contraction_kernel):
    def check():
        for layout in ("nnn", "ntn", "nnt"):
            shape = (53, 64, 200)
            out, left, right = operands(shape, layout, "float32")
            kernel = contraction_kernel(product(*shape, layout))
            whole = kernel.call(out, left, right).copy("K")
            _, tiles, panels = kernel.ranges
            out.fill(np.nan)
            for tile in range(tiles):
                for panel in range(panels):
                    kernel.call(out, left, right, (tile, tile + 1), (panel, panel + 1))
            assert out.tobytes() == whole.tobytes()

    in_child(check)


def test_nothing_is_written_beyond_the_range(in_child, contraction_kernel):
    def check():
        rows, depth, columns = 20, 9, 50
        shape = matrix_product("float32", rows, columns, depth, (depth, 1), (columns, 1), (64, 1))
        random = np.random.default_rng(0)
        left = random.standard_normal((rows, depth)).astype("float32")
        right = random.standard_normal((depth, columns)).astype("float32")
        out = np.full((rows + 2, 64), 7.0, "float32")
        contraction_kernel(shape).call(out, left, right)
        assert (out[rows:] == 7.0).all()
        assert (out[:, columns:] == 7.0).all()
        assert np.allclose(out[:rows, :columns], left @ right, atol=1e-5)

    in_child(check)


def test_batches_and_strided_operands(in_child, contraction_kernel):
    def check():
        random = np.random.default_rng(1)
        left = random.standard_normal((3, 6, 10, 2)).astype("float64")
        right = random.standard_normal((10, 3, 5, 4)).astype("float64")
        out = np.full((3, 6, 5, 3), 7.0)
        # Every second number of left, every fourth of right, every third of out.
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
def test_an_epilogue_sees_rows_columns_and_masks(in_child, contraction_kernel, layout):
    """Bias by column, plus the row's number: written while the tile is in registers."""

    def check():
        shape = (11, 8, 21)
        swapped = layout == "nnt"

        def epilogue(site, sums):
            builder, width = site.builder, sums.type.count
            row_step, column_step = (1, 11) if swapped else (21, 1)
            column = site.places[column_step]
            row = builder.sitofp(site.places[row_step], sums.type.element)
            if swapped:
                bias = emit.address(builder, site.context, column, "float32")
                bias = emit.splat(builder, builder.load(bias, typ=sums.type.element), width)
                lanes = emit.splat(builder, row, width)
                steps = ir.Constant(
                    emit.vector_type("float32", width), list(map(float, range(width)))
                )
                lanes = builder.fadd(lanes, steps)
            else:
                bias = emit.address(builder, site.context, column, "float32")
                bias = load_vector(builder, bias, sums.type, site.mask)
                lanes = emit.splat(builder, row, width)
            return builder.fadd(builder.fadd(sums, bias), lanes)

        out, left, right = operands(shape, layout, "float32")
        kernel = contraction_kernel(product(*shape, layout), epilogue=epilogue)
        assert kernel.swapped == swapped
        bias = np.arange(21, dtype="float32") * 100
        kernel.call(out, left, right, context=bias.ctypes.data_as(ctypes.c_void_p))
        expected = left @ right + bias + np.arange(11)[:, None]
        assert np.allclose(out, expected, rtol=1e-5)

    in_child(check)


@pytest.mark.parametrize("layout", ["nnn", "tnn"])
def test_single_columns_are_summed_along_the_rows(in_child, contraction_kernel, layout):
    def check():
        def double(site, sums):
            return site.builder.fadd(sums, sums)

        out, left, right = operands((45, 33, 1), layout, "float32")
        kernel = contraction_kernel(product(45, 33, 1, layout), epilogue=double)
        assert kernel.swapped
        kernel.call(out, left, right)
        assert np.allclose(out, 2 * (left @ right), rtol=1e-4, atol=1e-5)

    in_child(check)


def test_far_lines_are_copied_and_give_the_same_product(in_child, contraction_kernel):
    def check():
        shape = (600, 70, 400)
        for layout in ("tnn", "nnn", "ttn"):
            out, left, right = operands(shape, layout, "float32")
            kernel = contraction_kernel(product(*shape, layout))
            kernel.call(out, left, right, panels=(1, kernel.ranges[2]))
            kernel.call(out, left, right, tiles=(0, 3), panels=(0, 1))
            kernel.call(out, left, right, tiles=(3, kernel.ranges[1]), panels=(0, 1))
            exact, bound = chained(left, right)
            assert (np.abs(out - exact) <= bound).all(), layout

    in_child(check)


def test_special_values_pass_through(in_child, contraction_kernel):
    def check():
        left = np.array([[np.inf, 1.0], [np.nan, 1.0], [1e-45, 0.0], [3e38, 3e38]], "float32")
        right = np.array([[1.0, 0.0], [1.0, 1.0]], "float32")
        out = np.zeros((4, 2), "float32")
        contraction_kernel(product(4, 2, 2)).call(out, left, right)
        with np.errstate(all="ignore"):
            assert np.array_equal(out, left @ right, equal_nan=True)

    in_child(check)


@pytest.mark.parametrize("columns", [1, 5, 16, 17, 100, 1024])
@pytest.mark.parametrize("rows", [1, 7, 64, 784])
def test_tiles_cover_the_output_once_and_fit_the_registers(rows, columns):
    for unit in (None, *UNITS):
        target = host_target(unit)
        arrangement = arrange(product(rows, 10, columns))
        tiling = choose_tiling(arrangement, target)
        width, last = tiling.width, arrangement.column.extent
        assert tiling.cut.extent * last == rows * columns
        assert (tiling.row_tiles - 1) * tiling.row_tile + tiling.last_rows == tiling.cut.extent
        assert 1 <= tiling.last_rows <= tiling.row_tile
        column = panel = 0
        for group in tiling.groups:
            assert (group.first_panel, group.first_column) == (panel, column)
            panel += group.panels
            column += group.panels * group.vectors * width
            size = tiling.row_tile * group.vectors
            assert size + group.vectors + 1 <= target.registers
        assert last <= column < last + width
        end = column - width + group.last_lanes
        assert end >= last
        assert group.masked == (end > last)

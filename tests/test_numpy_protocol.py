"""NumPy as people write it: traced, it gives the values and kinds that NumPy gives directly."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import chainrule as cr
from chainrule.graph.array_type import type_of
from chainrule.graph.node import Node, variable

M = np.array([[0.7, -1.2, 2.3, 0.4], [1.9, 0.35, -0.8, -2.1], [-1.45, 2.7, 1.1, 0.9]])
POSITIVE = np.abs(M) + 0.5
SMALL = M / 4
CUBE = np.random.default_rng(3).uniform(-2, 2, (2, 3, 4))
ROWS, COLUMNS = np.array([2, 0, 2]), np.array([1, -1, 3])
WEIGHTS = np.random.default_rng(4).uniform(-1, 1, (4, 5))
VECTOR = np.array([0.3, -1.4, 2.2, 0.8])
MASK = M > 0

Table = dict[str, tuple[Callable[[Any], Any], np.ndarray[Any, Any]]]

ARITHMETIC: Table = {
    "x + 1": (lambda x: x + 1, M),
    "1 - x": (lambda x: 1 - x, M),
    "x - row": (lambda x: x - VECTOR.astype(x.dtype), M),
    "x * x": (lambda x: x * x, M),
    "x / 3": (lambda x: x / 3, M),
    "2 / x": (lambda x: 2 / x, M),
    "-x": (lambda x: -x, M),
    "+x": (lambda x: +x, M),
    "abs(x)": (abs, M),
    "x ** 2": (lambda x: x**2, M),
    "x ** 2.0": (lambda x: x**2.0, M),
    "x ** 3": (lambda x: x**3, M),
    "x ** 1": (lambda x: x**1, M),
    "x ** 0": (lambda x: x**0, M),
    "x ** -1": (lambda x: x**-1, M),
    "x ** -2.0": (lambda x: x**-2.0, M),
    "x ** 0.5": (lambda x: x**0.5, POSITIVE),
    "x ** 1.7": (lambda x: x**1.7, POSITIVE),
    "2 ** x": (lambda x: 2**x, M),
    "x ** x": (lambda x: x**x, POSITIVE),
    "x % 0.65": (lambda x: x % 0.65, M),
    "x // 0.65": (lambda x: x // 0.65, M),
    "divmod": (lambda x: divmod(x, 0.65)[1], M),
    "float_power": (lambda x: np.float_power(x, 2), M),
    "square": (np.square, M),
    "reciprocal": (np.reciprocal, M),
    "sqrt": (np.sqrt, POSITIVE),
    "exp": (np.exp, M),
    "exp2": (np.exp2, M),
    "expm1": (np.expm1, M),
    "log": (np.log, POSITIVE),
    "log2": (np.log2, POSITIVE),
    "log10": (np.log10, POSITIVE),
    "log1p": (np.log1p, POSITIVE),
    "logaddexp": (lambda x: np.logaddexp(x, 0.5), M),
    "logaddexp2": (lambda x: np.logaddexp2(x, 0.5), M),
    "sin": (np.sin, M),
    "cos": (np.cos, M),
    "tan": (np.tan, SMALL),
    "sinh": (np.sinh, M),
    "cosh": (np.cosh, M),
    "tanh": (np.tanh, M),
    "arcsin": (np.arcsin, SMALL),
    "arccos": (np.arccos, SMALL),
    "arctan": (np.arctan, M),
    "arctan2": (lambda x: np.arctan2(x, 1.5), M),
    "arcsinh": (np.arcsinh, M),
    "arccosh": (np.arccosh, POSITIVE + 1),
    "arctanh": (np.arctanh, SMALL),
    "hypot": (lambda x: np.hypot(x, 3), M),
    "sinc": (np.sinc, M),
    "degrees": (np.degrees, M),
    "radians": (np.radians, M),
    "deg2rad": (np.deg2rad, M),
    "rad2deg": (np.rad2deg, M),
    "absolute": (np.absolute, M),
    "fabs": (np.fabs, M),
    "sign": (np.sign, M),
    "positive": (np.positive, M),
    "floor": (np.floor, M),
    "ceil": (np.ceil, M),
    "rint": (np.rint, M),
    "trunc": (np.trunc, M),
    "round": (lambda x: np.round(x * 0.77, 1), M),
    "around": (np.around, M),
    "x.round": (lambda x: x.round(2), M),
    "maximum": (lambda x: np.maximum(x, 0), M),
    "minimum": (lambda x: np.minimum(0.5, x), M),
    "fmax": (lambda x: np.fmax(x, np.nan), M),
    "fmin": (lambda x: np.fmin(x, 0.5), M),
    "fmod": (lambda x: np.fmod(x, 0.65), M),
    "mod": (lambda x: np.mod(3, x), M),
    "heaviside": (lambda x: np.heaviside(x, 0.5), M),
    "copysign": (lambda x: np.copysign(x, -M.astype(x.dtype)), M),
    "clip": (lambda x: np.clip(x, -1, 1.5), M),
    "x.clip": (lambda x: x.clip(min=0), M),
    "clip by keywords": (lambda x: np.clip(x, a_min=None, a_max=1), M),
    "where": (lambda x: np.where(x > 0, x * x, -x), M),
    "where with a number": (lambda x: np.where(MASK, x, 0), M),
    "nan_to_num": (lambda x: np.nan_to_num(x), M),
    "select": (lambda x: np.select([x > 1, x < 0], [x * x, -x], 0.5), M),
    "conjugate": (lambda x: np.conj(x) * x.conj() + np.real(x), M),
    "polyval": (lambda x: np.polyval(x[0], x), M),
    "add.outer": (lambda x: np.add.outer(x[0], x[1]), M),
    "multiply.outer": (lambda x: np.multiply.outer(x, VECTOR.astype(x.dtype)), M),
}

REDUCTIONS: Table = {
    "sum": (np.sum, M),
    "x.sum": (lambda x: x.sum(axis=0), M),
    "sum axis 1 kept": (lambda x: np.sum(x, axis=1, keepdims=True), M),
    "sum of several axes": (lambda x: np.sum(x, axis=(0, -1)), CUBE),
    "sum dtype": (lambda x: np.sum(x, dtype=np.float64), M),
    "mean": (np.mean, M),
    "x.mean": (lambda x: x.mean(-1), CUBE),
    "average": (lambda x: np.average(x, axis=1, weights=POSITIVE[0].astype(x.dtype)), M),
    "var": (np.var, M),
    "var ddof": (lambda x: x.var(axis=1, ddof=1, keepdims=True), M),
    "std": (lambda x: np.std(x, axis=0), M),
    "max": (np.max, M),
    "x.max": (lambda x: x.max(axis=1, keepdims=True), M),
    "amin": (lambda x: np.amin(x, 0), M),
    "min": (lambda x: x.min((0, 2)), CUBE),
    "ptp": (lambda x: np.ptp(x, axis=1), M),
    "prod": (np.prod, M),
    "x.prod": (lambda x: x.prod(axis=(0, 2)), CUBE),
    "prod kept": (lambda x: np.prod(x, axis=1, keepdims=True), M),
    "median": (lambda x: np.median(x, axis=1), M),
    "median of all": (np.median, CUBE),
    "nansum": (lambda x: np.nansum(np.where(MASK, x, np.nan)), M),
    "nanmean": (lambda x: np.nanmean(np.where(MASK, x, np.nan), axis=1), M),
    "nanmax": (lambda x: np.nanmax(np.where(MASK, x, np.nan), axis=1), M),
    "nanmin": (lambda x: np.nanmin(np.where(MASK, x, np.nan)), M),
    "cumsum": (lambda x: np.cumsum(x, axis=1), M),
    "cumsum flat": (np.cumsum, M),
    "cumprod": (lambda x: np.cumprod(x, axis=-1), CUBE),
    "x.cumsum": (lambda x: x.cumsum(0), M),
    "sort": (lambda x: np.sort(x, axis=0), M),
    "sort flat": (lambda x: np.sort(x, axis=None), M),
    "diff": (lambda x: np.diff(x, n=2, axis=1), M),
    "trapezoid": (lambda x: np.trapezoid(x, dx=0.5, axis=0), M),
    "trapezoid at places": (lambda x: np.trapezoid(x, x[0] ** 2), M),
    "trace": (lambda x: np.trace(x, offset=1), M),
    "add.reduce": (lambda x: np.add.reduce(x), M),
    "add.reduce all": (lambda x: np.add.reduce(x, axis=None), M),
    "multiply.reduce": (lambda x: np.multiply.reduce(x, axis=1), M),
    "maximum.reduce": (lambda x: np.maximum.reduce(x, keepdims=True), M),
    "minimum.reduce": (lambda x: np.minimum.reduce(x), M),
    "logaddexp.reduce": (lambda x: np.logaddexp.reduce(x, axis=1), M),
    "logaddexp.reduce kept": (lambda x: np.logaddexp.reduce(800 * x, keepdims=True), M),
    "array.clip": (lambda x: (2 * M).astype(x.dtype).clip(x - 1, x + 1), M),
    "add.accumulate": (lambda x: np.add.accumulate(x), M),
    "multiply.accumulate": (lambda x: np.multiply.accumulate(x), M),
    "norm": (np.linalg.norm, M),
    "norm of rows": (lambda x: np.linalg.norm(x, axis=1, keepdims=True), M),
    "norm 1": (lambda x: np.linalg.norm(x, 1, axis=1), M),
    "norm 3": (lambda x: np.linalg.norm(x, 3, axis=0), M),
    "norm inf": (lambda x: np.linalg.norm(x[0], np.inf), M),
    "norm -inf": (lambda x: np.linalg.norm(x[0], -np.inf), M),
    "matrix norm 1": (lambda x: np.linalg.norm(x, 1), M),
    "matrix norm inf": (lambda x: np.linalg.norm(x, np.inf), M),
    "frobenius": (lambda x: np.linalg.norm(x, "fro", axis=(1, 2)), CUBE),
    "vector_norm": (lambda x: np.linalg.vector_norm(x, axis=1), M),
    "matrix_norm": (lambda x: np.linalg.matrix_norm(x), CUBE),
}

PRODUCTS: Table = {
    "x @ W": (lambda x: x @ WEIGHTS.astype(x.dtype), M),
    "W.T @ x.T": (lambda x: WEIGHTS.T.astype(x.dtype) @ x.T, M),
    "x @ x.T": (lambda x: x @ x.T, M),
    "x @ vector": (lambda x: x @ VECTOR.astype(x.dtype), M),
    "vector @ x": (lambda x: VECTOR[:3].astype(x.dtype) @ x, M),
    "vector @ vector": (lambda x: x[0] @ x[1], M),
    "batched matmul": (lambda x: np.matmul(x, WEIGHTS.astype(x.dtype)), CUBE),
    "batch against batch": (lambda x: x @ x.swapaxes(1, 2), CUBE),
    "batch of one": (lambda x: x[:1] @ x.swapaxes(1, 2), CUBE),
    "batch by vector": (lambda x: x @ x[0, 0], CUBE),
    "dot": (lambda x: np.dot(x, WEIGHTS.astype(x.dtype)), M),
    "x.dot": (lambda x: x.dot(VECTOR.astype(x.dtype)), CUBE),
    "dot of cubes": (lambda x: np.dot(x, np.swapaxes(x, 1, 2)), CUBE),
    "dot by a number": (lambda x: np.dot(x, 2.0), M),
    "inner": (lambda x: np.inner(x, x[:2]), M),
    "outer": (lambda x: np.outer(x[0], x[:, 1]), M),
    "vdot": (lambda x: np.vdot(x, x), M),
    "cross": (lambda x: np.cross(x[:, :3], x[:1, 1:]), M),
    "cross of columns": (lambda x: np.cross(x, x[:, ::-1], axis=0), M),
    "kron": (lambda x: np.kron(x, x[:2, :2]), M),
    "tensordot": (lambda x: np.tensordot(x, x, axes=2), M),
    "tensordot pairs": (lambda x: np.tensordot(x, x, axes=([0, 2], [0, 2])), CUBE),
    "tensordot 0": (lambda x: np.tensordot(x[0], x[1], axes=0), M),
    "vecdot": (lambda x: np.vecdot(x, x[0]), M),
    "matvec": (lambda x: np.matvec(x, x[0]), M),
    "vecmat": (lambda x: np.vecmat(x[:, 0], x), M),
    "linalg.outer": (lambda x: np.linalg.outer(x[0], x[1]), M),
    "einsum matmul": (lambda x: np.einsum("ij,jk->ik", x, WEIGHTS.astype(x.dtype)), M),
    "einsum implicit": (lambda x: np.einsum("ji,jk", x, x), M),
    "einsum sum": (lambda x: np.einsum("ij->", x), M),
    "einsum transpose": (lambda x: np.einsum("ijk->kij", x), CUBE),
    "einsum diagonal": (lambda x: np.einsum("ii->i", x[:, :3]), M),
    "einsum trace": (lambda x: np.einsum("ii", x[:, :3]), M),
    "einsum batch diagonal": (lambda x: np.einsum("bii->bi", x[:, :, :3]), CUBE),
    "einsum elementwise": (lambda x: np.einsum("ij,ij->ij", x, x), M),
    "einsum rows": (lambda x: np.einsum("ij,ij->i", x, x), M),
    "einsum alone": (lambda x: np.einsum("ij,kl->i", x, x), M),
    "einsum ellipsis": (lambda x: np.einsum("...i,...i->...", x, x), CUBE),
    "einsum ellipsis implicit": (lambda x: np.einsum("...ij,jk", x, WEIGHTS.astype(x.dtype)), CUBE),
    "einsum ellipsis of two ranks": (lambda x: np.einsum("...i,...i->...i", x, x[0]), CUBE),
    "einsum stretched": (lambda x: np.einsum("ij,ij->ij", x, x[:1]), M),
    "einsum of three": (
        lambda x: np.einsum("ij,jk,ik->", x, WEIGHTS.astype(x.dtype), x @ WEIGHTS.astype(x.dtype)),
        M,
    ),
    "einsum of four": (lambda x: np.einsum("i,ij,jk,k->", x[:, 0], x, x.T, x[:, 1]), M),
    "einsum shared by three": (lambda x: np.einsum("i,i,i->i", x[0], x[1], x[2]), M),
    "einsum with lists": (lambda x: np.einsum(x, [0, 1], x, [0, 2], [1, 2]), M),
    "einsum of blanks": (lambda x: np.einsum("i j , j -> i", x, x[0], optimize="greedy"), M),
}

SHAPES: Table = {
    "reshape": (lambda x: np.reshape(x, (2, -1)), M),
    "x.reshape": (lambda x: x.reshape(4, 3), M),
    "x.reshape tuple": (lambda x: x.reshape((-1,)), M),
    "ravel": (np.ravel, M),
    "x.flatten": (lambda x: x.flatten(), CUBE),
    "x.T": (lambda x: x.T, CUBE),
    "transpose": (lambda x: np.transpose(x, (1, -1, 0)), CUBE),
    "x.transpose": (lambda x: x.transpose(2, 0, 1), CUBE),
    "swapaxes": (lambda x: np.swapaxes(x, 0, -1), CUBE),
    "moveaxis": (lambda x: np.moveaxis(x, 0, -1), CUBE),
    "moveaxis pairs": (lambda x: np.moveaxis(x, [0, 1], [-1, 0]), CUBE),
    "rollaxis": (lambda x: np.rollaxis(x, 2), CUBE),
    "squeeze": (lambda x: np.squeeze(x[:, None, :1]), M),
    "squeeze axis": (lambda x: x[:, None, :1].squeeze(axis=1), M),
    "expand_dims": (lambda x: np.expand_dims(x, (0, -1)), M),
    "broadcast_to": (lambda x: np.broadcast_to(x, (2, 3, 4)), M),
    "broadcast_arrays": (lambda x: np.broadcast_arrays(x[:1], x)[0], M),
    "atleast_2d": (lambda x: np.atleast_2d(x[0]), M),
    "atleast_3d": (lambda x: np.atleast_3d(x[0]), M),
    "flip": (np.flip, M),
    "flipud": (np.flipud, M),
    "fliplr": (np.fliplr, M),
    "rot90": (np.rot90, M),
    "rot90 thrice": (lambda x: np.rot90(x, 3), M),
    "tril": (lambda x: np.tril(x, 1), M),
    "triu": (lambda x: np.triu(x, -1), CUBE),
    "copy": (np.copy, M),
    "x.copy": (lambda x: x.copy(), M),
    "astype": (lambda x: x.astype(np.float32), M),
    "full_like": (lambda x: np.full_like(x, x[0, 0]), M),
    "x * ones_like": (lambda x: x * np.ones_like(x), M),
    "concatenate": (lambda x: np.concatenate([x, x * 2, x[:1]]), M),
    "concatenate axis 1": (lambda x: np.concatenate((x, np.ones((3, 2), x.dtype)), axis=1), M),
    "concatenate flat": (lambda x: np.concatenate((x, x[0]), axis=None), M),
    "stack": (lambda x: np.stack([x, x + 1], axis=1), M),
    "stack numbers": (lambda x: np.stack([x[0, 0], 2.0 * x[1, 1]]), M),
    "hstack": (lambda x: np.hstack([x, x]), M),
    "vstack": (lambda x: np.vstack([x[0], x]), M),
    "dstack": (lambda x: np.dstack([x, x]), M),
    "column_stack": (lambda x: np.column_stack([x[:, 0], x]), M),
    "append": (lambda x: np.append(x, x[:1], axis=0), M),
    "split": (lambda x: np.split(x, 2, axis=1)[1], M),
    "split at": (lambda x: np.split(x, [1, 3], axis=1)[1], M),
    "array_split": (lambda x: np.array_split(x, 2)[0], M),
    "hsplit": (lambda x: np.hsplit(x, 2)[0], M),
    "vsplit": (lambda x: np.vsplit(x, 3)[2], M),
    "pad": (lambda x: np.pad(x, 2), M),
    "pad pairs": (lambda x: np.pad(x, ((1, 0), (2, 3))), M),
    "pad value": (lambda x: np.pad(x, 1, constant_values=7.0), M),
    "pad edge": (lambda x: np.pad(x, 1, mode="edge"), M),
    "pad reflect": (lambda x: np.pad(x, 2, mode="reflect"), M),
    "pad symmetric": (lambda x: np.pad(x, 2, mode="symmetric"), M),
    "pad wrap": (lambda x: np.pad(x, (1, 2), mode="wrap"), M),
    "roll": (lambda x: np.roll(x, 5), M),
    "roll axes": (lambda x: np.roll(x, (1, -2), axis=(0, 1)), M),
    "repeat": (lambda x: np.repeat(x, 2), M),
    "repeat axis": (lambda x: x.repeat(3, axis=1), M),
    "repeat each": (lambda x: np.repeat(x, [1, 0, 2], axis=0), M),
    "tile": (lambda x: np.tile(x, (2, 1, 2)), M),
    "tile number": (lambda x: np.tile(x, 2), M),
    "meshgrid": (lambda x: np.meshgrid(x[0], x[:, 1])[1], M),
    "meshgrid ij": (lambda x: np.meshgrid(x[0], x[:, 1], indexing="ij")[0], M),
    "matrix_transpose": (np.matrix_transpose, CUBE),
    "sliding_window_view": (lambda x: sliding_window_view(x, 2, axis=1), M),
    "windows of all axes": (lambda x: sliding_window_view(x, (2, 3)), M),
}

PICKING: Table = {
    "x[1]": (lambda x: x[1], M),
    "x[-1, 2]": (lambda x: x[-1, 2], M),
    "x[:, 1:]": (lambda x: x[:, 1:], M),
    "x[::-1, ::2]": (lambda x: x[::-1, ::2], M),
    "x[5:]": (lambda x: x[5:], M),
    "x[..., 0]": (lambda x: x[..., 0], CUBE),
    "x[:, None]": (lambda x: x[:, None], M),
    "x[None, ..., np.newaxis]": (lambda x: x[None, ..., np.newaxis], M),
    "x[()]": (lambda x: x[()], M),
    "x[...]": (lambda x: x[...], M),
    "x[array]": (lambda x: x[ROWS], M),
    "x[list]": (lambda x: x[[0, 2, 0]], M),
    "x[:, array]": (lambda x: x[:, COLUMNS], M),
    "x[arange, labels]": (lambda x: x[np.arange(3), COLUMNS], M),
    "x[ROWS, :, COLUMNS]": (lambda x: x[ROWS % 2, :, COLUMNS], CUBE),
    "x[0, :, array]": (lambda x: x[0, :, COLUMNS], CUBE),
    "x[:, 1, array]": (lambda x: x[:, 1, COLUMNS], CUBE),
    "x[array, 1:]": (lambda x: x[ROWS, 1:], M),
    "x[None, array]": (lambda x: x[None, ROWS], M),
    "x[array, None, array]": (lambda x: x[ROWS, None, COLUMNS], M),
    "x[:, matrix]": (lambda x: x[:, np.array([[0, 1], [2, 3]])], M),
    "x[np.ix_]": (lambda x: x[np.ix_([0, 2], [1, 3])], M),
    "x[mask]": (lambda x: x[MASK], M),
    "x[row mask]": (lambda x: x[np.array([True, False, True])], M),
    "x[:, column mask]": (lambda x: x[:, [True, False, True, True]], M),
    "x[mask, array]": (lambda x: x[np.array([True, False, True]), np.array([0, 3])], M),
    "x[..., mask]": (lambda x: x[..., np.array([True, False, True, True])], CUBE),
    "x[:, mask]": (lambda x: x[:, MASK], CUBE),
    "x[True]": (lambda x: x[True], M),
    "x[False]": (lambda x: x[False], M),
    "x[empty]": (lambda x: x[[]], M),
    "x[np.int64]": (lambda x: x[np.int64(1), np.array(2)], M),
    "take": (lambda x: np.take(x, COLUMNS, axis=1), M),
    "x.take flat": (lambda x: x.take([0, 11, -1]), M),
    "take wrap": (lambda x: np.take(x, [5, -9], axis=0, mode="wrap"), M),
    "take clip": (lambda x: np.take(x, [5, -9], axis=0, mode="clip"), M),
    "take_along_axis": (lambda x: np.take_along_axis(x, np.argsort(M, axis=1), axis=1), M),
    "take_along_axis one": (lambda x: np.take_along_axis(x, COLUMNS[:, None], 1), M),
    "take_along_axis of its own": (lambda x: np.take_along_axis(x, np.argsort(x, 0), 0), M),
    "x[argmax]": (lambda x: x[np.arange(3), x.argmax(axis=1)], M),
    "diagonal": (lambda x: np.diagonal(x, 1), M),
    "diagonal of axes": (lambda x: x.diagonal(0, 0, 2), CUBE),
    "diag of a matrix": (lambda x: np.diag(x, -1), M),
    "diag of a vector": (lambda x: np.diag(x[0], 1), M),
    "compress": (lambda x: np.compress([True, False, True], x, axis=0), M),
    "iteration": (lambda x: sum(row[0] for row in x), M),
    "unpacking": (lambda x: (lambda a, b, c: a * b - c)(*x), M),
}  # fmt: skip

FLOATS = ARITHMETIC | REDUCTIONS | PRODUCTS | SHAPES | PICKING

DECISIONS: Table = {
    "x < 0.5": (lambda x: x < 0.5, M),
    "x <= y": (lambda x: x <= x[::-1], M),
    "0.5 > x": (lambda x: x < 0.5, M),
    "x >= 1": (lambda x: x >= 1, M),
    "x == x": (lambda x: x == x, M),
    "x != 0.7": (lambda x: x != 0.7, M),
    "and": (lambda x: (x > 0) & (x < 1), M),
    "or": (lambda x: (x > 1) | (x < 0), M),
    "xor": (lambda x: (x > 0) ^ (x > 1), M),
    "not": (lambda x: ~(x > 0), M),
    "logical_and": (lambda x: np.logical_and(x > 0, x), M),
    "logical_or": (lambda x: np.logical_or(x > 0, x < -1), M),
    "logical_xor": (lambda x: np.logical_xor(x, x > 0), M),
    "logical_not": (lambda x: np.logical_not(x), M),
    "isnan": (np.isnan, M),
    "isinf": (np.isinf, M),
    "isfinite": (np.isfinite, M),
    "signbit": (np.signbit, M),
    "any": (lambda x: np.any(x > 2), M),
    "all": (lambda x: np.all(x > -2, axis=1, keepdims=True), M),
    "x.any": (lambda x: (x > 2).any(axis=0), M),
    "x.all": (lambda x: (x > -3).all(), M),
    "argmax": (np.argmax, M),
    "x.argmax": (lambda x: x.argmax(axis=1), M),
    "argmin kept": (lambda x: np.argmin(x, axis=0, keepdims=True), M),
    "argsort": (lambda x: np.argsort(x, axis=0), M),
    "argsort flat": (lambda x: x.argsort(axis=None), M),
    "count_nonzero": (lambda x: np.count_nonzero(x > 0, axis=1), M),
    "sum of booleans": (lambda x: np.sum(x > 0), M),
    "mean of booleans": (lambda x: np.mean(x > 0), M),
    "to integers": (lambda x: x.astype(int), M),
    "integer sum": (lambda x: x.astype(np.int32).sum(), M),
    "integer mean": (lambda x: x.astype(np.int32).mean(), M),
    "integer division": (lambda x: x.astype(int) // 2, M),
    "integer power": (lambda x: x.astype(int) ** 2, M),
    "integer and real": (lambda x: x.astype(np.int32) * np.float32(0.5), M),
    "integer times number": (lambda x: x.astype(np.int8) * 2, M),
    "boolean times real": (lambda x: (x > 0) * x, M),
    "boolean plus boolean": (lambda x: (x > 0) + (x > 1), M),
    "unsigned": (lambda x: np.abs(x).astype(np.uint8) + np.uint8(3), M),
    "square root of integers": (lambda x: np.sqrt(np.abs(x).astype(np.int32)), M),
    "array_equal": (lambda x: np.array_equal(x, M.astype(x.dtype)), M),
    "shape": (lambda x: (*np.shape(x), np.ndim(x), np.size(x), np.size(x, 1)), M),
    "zeros_like": (lambda x: np.zeros_like(x), M),
    "ones_like of a kind": (lambda x: np.ones_like(x, dtype=int), M),
}


def traced(function: Callable[..., Any], *arrays: Any) -> Any:
    """Run on nodes of known value."""
    result = function(*(variable(type_of(x), np.asarray(x)) for x in arrays))
    return result.value if isinstance(result, Node) else result


def rounding(*dtypes: Any) -> float:
    return 16 * max(np.finfo(d).eps if np.dtype(d).kind == "f" else 0 for d in dtypes)


def params(table: Table) -> Any:
    return pytest.mark.parametrize(("function", "x"), table.values(), ids=table.keys())


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@params(FLOATS | DECISIONS)
def test_a_traced_expression_has_numpys_value_and_kind(
    function: Callable[..., Any], x: Any, dtype: str
) -> None:
    x = x.astype(dtype)
    expected, got = np.asarray(function(x)), np.asarray(traced(function, x))
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    tolerance = rounding(dtype, got.dtype)
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


NEEDS_VALUES = {"array_equal"}


@params({name: row for name, row in (FLOATS | DECISIONS).items() if name not in NEEDS_VALUES})
def test_the_shape_alone_is_enough_to_trace(function: Callable[..., Any], x: Any) -> None:
    expected = np.asarray(function(x))
    got = cr.jit(function)(x)
    np.testing.assert_allclose(np.asarray(got), expected, rtol=4e-15, atol=4e-15)


@params(FLOATS)
def test_its_derivative_agrees_with_differences(function: Callable[..., Any], x: Any) -> None:
    generator = np.random.default_rng(7)
    direction = generator.normal(size=x.shape)
    value, pullback = cr.vjp(function, x)
    cotangent = generator.normal(size=np.shape(value)).astype(value.dtype)
    (gradient,) = pullback(cotangent)
    assert gradient.dtype == x.dtype
    single = value.dtype == np.float32
    step = 1e-3 if single else 1e-4

    def along(t: float) -> float:
        return float(np.sum(cotangent * np.asarray(function(x + t * direction), np.float64)))

    coarse = (along(step) - along(-step)) / (2 * step)
    fine = (along(step / 2) - along(-step / 2)) / step
    difference = (4 * fine - coarse) / 3
    scale = max(1.0, abs(difference), float(np.abs(gradient).max(initial=0)))
    assert abs(difference - np.sum(gradient * direction)) < (2e-2 if single else 1e-8) * scale

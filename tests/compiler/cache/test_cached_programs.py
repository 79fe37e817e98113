"""Cached programs: keyed by their graph, the same bits when cached, rebuilt when altered."""

import hashlib
import json

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.cache import fingerprint
from chainrule.compiler.cache.graph_key import graph_text
from chainrule.compiler.cache.object_cache import HEADER_BYTES, MAGIC
from chainrule.compiler.native_program import NativeProgram
from chainrule.compiler.runtime.executable import Executable, pack, unpack
from chainrule.graph.trace import trace

TABLE = np.arange(5000.0).reshape(50, 100)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    monkeypatch.setenv("CHAINRULE_DEBUG", "")
    return tmp_path / "code"


def uses_constants(x):
    return np.tanh(x @ TABLE) + np.arange(100) ** 2


def test_a_cached_program_computes_the_same_bits(folder):
    x = np.random.default_rng(0).normal(size=(7, 50))
    first = NativeProgram(trace(uses_constants)(x))
    second = NativeProgram(trace(uses_constants)(x))
    assert (first.is_from_cache, second.is_from_cache) == (False, True)
    np.testing.assert_array_equal(first([x])[0], second([x])[0])
    np.testing.assert_allclose(second([x])[0], uses_constants(x), rtol=1e-14)
    assert len(list(folder.iterdir())) == 1


def test_under_check_a_program_is_verified_once(monkeypatch):
    x = np.ones((7, 50))
    NativeProgram(trace(uses_constants)(x))
    monkeypatch.setenv("CHAINRULE_DEBUG", "check")
    first, second = (NativeProgram(trace(uses_constants)(x)) for _ in range(2))
    assert [each.is_from_cache for each in (first, second)] == [False, True]
    assert ["lowered" in vars(each._compiler) for each in (first, second)] == [True, False]
    assert second.loops.steps


def test_constants_of_the_graph_are_not_stored_in_the_entry(folder):
    x = np.ones((7, 50))
    NativeProgram(trace(uses_constants)(x))
    (path,) = folder.iterdir()
    assert path.stat().st_size < TABLE.nbytes
    assert TABLE.tobytes()[:800] not in path.read_bytes()


def test_a_program_with_another_constant_has_another_entry():
    def scaled(factor):
        table = factor * TABLE
        return NativeProgram(trace(lambda x: x @ table)(np.ones((1, 50))))

    x = np.ones((1, 50))
    for factor in (1.0, 2.0):
        program = scaled(factor)
        assert not program.is_from_cache
        np.testing.assert_allclose(program([x])[0], x @ (factor * TABLE))


def test_a_cached_program_has_loops_and_can_be_timed():
    graph = trace(lambda x: np.sin(x) @ x)(np.ones((90, 90)))
    compiled, cached = (NativeProgram(graph) for _ in range(2))
    assert cached.is_from_cache
    assert len(cached.loops.steps) == len(compiled.loops.steps)
    timed = cached.timed()
    timed([np.ones((90, 90))])
    assert sum(timed.cycle_counts) > 0


def test_a_cached_program_raises_for_an_index_out_of_bounds():
    graph = trace(lambda x, i: x[i])(np.ones(4), np.arange(2))
    for _ in range(2):
        program = NativeProgram(graph)
        with pytest.raises(IndexError):
            program([np.ones(4), np.array([0, 7])])
    assert program.is_from_cache


@pytest.mark.parametrize(
    "other",
    [
        lambda x, y: x - y,
        lambda x, y: y + x,
        lambda x, y: x + y + 1.0,
        lambda x, y: x + y + np.float64(-0.0),
        lambda x, y: (x + y)[::-1],
        lambda x, y: (x + y)[:2],
        lambda x, y: (x + y, x),
        lambda x, y: cr.scan(lambda c, t: (c + t, c), x + y, np.ones((3, 4)))[0],
        lambda x, y: cr.scan(lambda c, t: (c + t, c), x + y, np.ones((3, 4)), reverse=True)[0],
        lambda x, y: cr.scan(lambda c, t: (c - t, c), x + y, np.ones((3, 4)))[0],
    ],
)
def test_other_programs_have_other_keys(other):
    arguments = np.ones(4), np.ones(4)
    text, _ = graph_text(trace(lambda x, y: x + y)(*arguments))
    assert text != graph_text(trace(other)(*arguments))[0]
    assert graph_text(trace(other)(*arguments))[0] == graph_text(trace(other)(*arguments))[0]


@pytest.mark.parametrize("argument", [np.ones(5), np.ones(4, "float32"), np.ones((4, 1)), 1.0])
def test_other_types_have_other_keys(argument):
    text = graph_text(trace(lambda x: x + 1)(np.ones(4)))[0]
    assert text != graph_text(trace(lambda x: x + 1)(argument))[0]


def test_names_are_not_part_of_the_key():
    def f(weight):
        return np.exp(weight)

    def g(other):
        return np.exp(other)

    assert graph_text(trace(f)(np.ones(3)))[0] == graph_text(trace(g)(np.ones(3)))[0]


def test_a_custom_derivative_has_a_key():
    def double(x):
        return 2 * x, None

    custom = cr.custom_vjp(double, lambda _, cotangent: (2 * cotangent,))
    assert graph_text(trace(cr.grad(lambda x: np.sum(custom(x))))(np.ones(3))) is not None


EXECUTABLE = Executable(
    b"code", (np.arange(3.0), np.eye(2, dtype="float32")), 64, 8, True, 0, (True, False)
)


def test_unpacking_inverts_packing():
    graph_constants = [EXECUTABLE.constants[1]]
    result = unpack(pack(EXECUTABLE, graph_constants), graph_constants, inputs=2)
    assert result is not None
    assert (result.code, result.arena, result.scratch) == (b"code", 64, 8)
    assert (result.is_multithreaded, result.cycle_counters) == (True, 0)
    assert result.is_read == (True, False)
    for constant, expected in zip(result.constants, EXECUTABLE.constants, strict=True):
        assert constant.dtype == expected.dtype
        np.testing.assert_array_equal(constant, expected)


@pytest.mark.parametrize("size", [0, 4, 8, 30, 150])
def test_truncated_data_are_not_unpacked(size):
    data = pack(EXECUTABLE, [])
    assert size < len(data) - len(EXECUTABLE.code)
    assert unpack(data[:size], [], inputs=2) is None


def resealed(path, change):
    """Change an entry, and its checksum accordingly."""
    content = path.read_bytes()
    body = change(content[HEADER_BYTES:])
    key = content[len(MAGIC) : len(MAGIC) + 32]
    path.write_bytes(MAGIC + key + hashlib.sha256(body).digest() + body)


@pytest.mark.parametrize(
    "change",
    [lambda body: b"", lambda body: b"\xff" * 20, lambda body: json.dumps({}).encode() + body],
)
def test_an_entry_of_another_format_is_rebuilt(folder, change):
    graph = trace(np.sin)(np.ones(3))
    NativeProgram(graph)
    (path,) = folder.iterdir()
    resealed(path, change)
    program = NativeProgram(graph)
    assert not program.is_from_cache
    np.testing.assert_allclose(program([np.ones(3)])[0], np.sin(np.ones(3)))
    assert NativeProgram(graph).is_from_cache


def test_a_changed_source_file_changes_the_fingerprint(tmp_path):
    for name in fingerprint.PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text("x = 1\n")
    before = fingerprint._source_state(tmp_path)
    assert before == fingerprint._source_state(tmp_path)
    (tmp_path / "graph" / "a.py").write_text("x = 2\n")
    changed = fingerprint._source_state(tmp_path)
    (tmp_path / "ops" / "b.py").write_text("")
    assert len({before, changed, fingerprint._source_state(tmp_path)}) == 3


def test_missing_sources_have_no_fingerprint(tmp_path):
    assert fingerprint._source_state(tmp_path) is None


def test_first_results_are_written_to_the_destinations(folder):
    x = np.random.default_rng(0).normal(size=(300, 300))
    program = NativeProgram(trace(lambda x: (x + 1, x @ x, np.sum(x)))(x))
    for _ in range(2):
        destination = np.empty((300, 300))
        first, second, third = program([x], destinations=[destination])
        assert first is destination
        np.testing.assert_array_equal(first, x + 1)
        np.testing.assert_allclose(second, x @ x, rtol=1e-10)
        np.testing.assert_allclose(third, x.sum())

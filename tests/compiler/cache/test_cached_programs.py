"""Programs kept on the disk: found by their graph, the same when found, never run when altered."""

import hashlib
import json

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.cache import fingerprint
from chainrule.compiler.cache.graph_key import graph_text
from chainrule.compiler.cache.object_cache import HEADER_BYTES, MAGIC
from chainrule.compiler.native_program import NativeProgram, compile_native
from chainrule.compiler.runtime.executable import Executable, pack, unpack
from chainrule.graph.trace import trace

TABLE = np.arange(5000.0).reshape(50, 100)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    monkeypatch.setenv("CHAINRULE_DEBUG", "")
    return tmp_path / "code"


def looked_up(x):
    return np.tanh(x @ TABLE) + np.arange(100) ** 2


def test_a_kept_program_computes_the_same_bits(folder):
    x = np.random.default_rng(0).normal(size=(7, 50))
    first = compile_native(trace(looked_up)(x), is_simple=False)
    second = compile_native(trace(looked_up)(x), is_simple=False)
    assert (first.is_from_cache, second.is_from_cache) == (False, True)
    np.testing.assert_array_equal(first([x])[0], second([x])[0])
    np.testing.assert_allclose(second([x])[0], looked_up(x), rtol=1e-14)
    assert len(list(folder.iterdir())) == 1


def test_constants_of_the_graph_are_not_written_down_again(folder):
    x = np.ones((7, 50))
    compile_native(trace(looked_up)(x), is_simple=False)
    (path,) = folder.iterdir()
    assert path.stat().st_size < TABLE.nbytes
    assert TABLE.tobytes()[:800] not in path.read_bytes()


def test_a_program_with_another_constant_is_another_program():
    def scaled(factor):
        table = factor * TABLE
        return compile_native(trace(lambda x: x @ table)(np.ones((1, 50))), is_simple=False)

    x = np.ones((1, 50))
    for factor in (1.0, 2.0):
        program = scaled(factor)
        assert not program.is_from_cache
        np.testing.assert_allclose(program([x])[0], x @ (factor * TABLE))


def test_a_kept_program_shows_its_loops_and_times_its_nests():
    graph = trace(lambda x: np.sin(x) @ x)(np.ones((90, 90)))
    made, found = (NativeProgram(graph, is_simple=False) for _ in range(2))
    assert found.is_from_cache
    assert len(found.loops.steps) == len(made.loops.steps)
    timed = found.timed()
    timed([np.ones((90, 90))])
    assert sum(timed.ticks) > 0


def test_a_position_outside_is_refused_by_a_kept_program():
    graph = trace(lambda x, i: x[i])(np.ones(4), np.arange(2))
    for _ in range(2):
        program = compile_native(graph, is_simple=False)
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
def test_other_programs_have_other_texts(other):
    given = np.ones(4), np.ones(4)
    text, _ = graph_text(trace(lambda x, y: x + y)(*given))
    assert text != graph_text(trace(other)(*given))[0]
    assert graph_text(trace(other)(*given))[0] == graph_text(trace(other)(*given))[0]


@pytest.mark.parametrize("kind", [np.ones(5), np.ones(4, "float32"), np.ones((4, 1)), 1.0])
def test_other_types_have_other_texts(kind):
    text = graph_text(trace(lambda x: x + 1)(np.ones(4)))[0]
    assert text != graph_text(trace(lambda x: x + 1)(kind))[0]


def test_names_do_not_count():
    def f(weight):
        return np.exp(weight)

    def g(other):
        return np.exp(other)

    assert graph_text(trace(f)(np.ones(3)))[0] == graph_text(trace(g)(np.ones(3)))[0]


def test_a_derivative_written_by_hand_can_be_told():
    def double(x):
        return 2 * x, None

    by_hand = cr.custom_vjp(double, lambda _, slope: (2 * slope,))
    assert graph_text(trace(cr.grad(lambda x: np.sum(by_hand(x))))(np.ones(3))) is not None


BINARY = Executable(
    b"code", (np.arange(3.0), np.eye(2, dtype="float32")), 64, 8, True, 0, (True, False)
)


def test_what_is_packed_is_unpacked():
    known = [BINARY.constants[1]]
    found = unpack(pack(BINARY, known), known)
    assert found is not None
    assert (found.code, found.arena, found.scratch) == (b"code", 64, 8)
    assert (found.is_shared, found.clocks, found.is_read) == (True, 0, (True, False))
    for mine, wanted in zip(found.constants, BINARY.constants, strict=True):
        assert mine.dtype == wanted.dtype
        np.testing.assert_array_equal(mine, wanted)


@pytest.mark.parametrize("size", [0, 4, 8, 30, 150])
def test_what_is_cut_off_is_not_unpacked(size):
    data = pack(BINARY, [])
    assert size < len(data) - len(BINARY.code)
    assert unpack(data[:size], []) is None


def resealed(path, change):
    """Change an entry and give it a checksum that fits."""
    content = path.read_bytes()
    body = change(content[HEADER_BYTES:])
    key = content[len(MAGIC) : len(MAGIC) + 32]
    path.write_bytes(MAGIC + key + hashlib.sha256(body).digest() + body)


@pytest.mark.parametrize(
    "change",
    [lambda body: b"", lambda body: b"\xff" * 20, lambda body: json.dumps({}).encode() + body],
)
def test_an_entry_of_another_form_is_rebuilt(folder, change):
    graph = trace(np.sin)(np.ones(3))
    compile_native(graph)
    (path,) = folder.iterdir()
    resealed(path, change)
    program = compile_native(graph)
    assert not program.is_from_cache
    np.testing.assert_allclose(program([np.ones(3)])[0], np.sin(np.ones(3)))
    assert compile_native(graph).is_from_cache


def test_a_changed_source_is_another_surrounding(tmp_path):
    for room in fingerprint.ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "a.py").write_text("x = 1\n")
    before = fingerprint._sources(tmp_path)
    assert before == fingerprint._sources(tmp_path)
    (tmp_path / "graph" / "a.py").write_text("x = 2\n")
    changed = fingerprint._sources(tmp_path)
    (tmp_path / "ops" / "b.py").write_text("")
    assert len({before, changed, fingerprint._sources(tmp_path)}) == 3


def test_sources_that_are_not_there_keep_nothing(tmp_path):
    assert fingerprint._sources(tmp_path) is None


def test_results_go_where_places_are_given(folder):
    x = np.random.default_rng(0).normal(size=(300, 300))
    program = compile_native(trace(lambda x: (x + 1, x @ x, np.sum(x)))(x))
    for _ in range(2):
        place = np.empty((300, 300))
        first, second, third = program([x], places=[place])
        assert first is place
        np.testing.assert_array_equal(first, x + 1)
        np.testing.assert_allclose(second, x @ x, rtol=1e-10)
        np.testing.assert_allclose(third, x.sum())

"""The cache without a home folder, among other users, with hostile entries, beyond its bound."""

import hashlib
import os
import random
import shutil
import socket
import stat
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.cache import object_cache, private_folder
from chainrule.compiler.cache.object_cache import HEADER_BYTES, MAGIC, evict_entries
from chainrule.compiler.native_program import NativeProgram
from chainrule.graph.trace import trace

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX")

NO_USER = 54321
"""A number that no user has."""

X = np.random.default_rng(0).normal(size=(8, 3))


def train_and_jit():
    """Train, jit, and return the messages of the warnings."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        net = cr.Network([cr.nn.Dense(2)], seed=0)
        net.compile(loss="mse", optimizer="sgd")
        net.fit(X, X[:, :2], epochs=2, verbose=0)
        np.testing.assert_allclose(cr.jit(lambda x: np.sin(x) + 1)(X), np.sin(X) + 1)
    assert {each.filename for each in told} <= {__file__}, "at the user's line"
    return [str(each.message) for each in told]


def enter(user=None, **environment):
    """In a child, begin anew: with an environment, perhaps as another user."""
    for name in ("HOME", "XDG_CACHE_HOME", "CHAINRULE_CACHE"):
        os.environ.pop(name, None)
    os.environ.update(environment)
    os.environ["CHAINRULE_DEBUG"] = ""
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    for state in (private_folder._told, private_folder._failures):
        state.clear()
    for state in (private_folder._secrets, object_cache._unchecked):
        state.clear()


@pytest.fixture
def base(monkeypatch):
    """Return a folder that every user can reach, chosen for the cache."""
    folder = Path(tempfile.mkdtemp())  # those of pytest are closed to other users
    folder.chmod(0o755)
    monkeypatch.setenv("CHAINRULE_CACHE", str(folder))
    monkeypatch.setenv("CHAINRULE_DEBUG", "")
    for name, empty in {"_told": [], "_failures": [], "_secrets": {}}.items():
        monkeypatch.setattr(private_folder, name, empty)
    monkeypatch.setattr(object_cache, "_unchecked", {})
    yield folder
    shutil.rmtree(folder)


def test_without_a_place_for_the_cache_all_works_with_one_warning(in_child, base):
    (base / "file").touch()
    (base / "other" / "code").mkdir(parents=True)
    (base / "other" / "code").chmod(0o777)
    (base / "loop").symlink_to("loop")
    places = [
        {"HOME": "/dev/null"},
        {"HOME": str(base / "file")},
        {"HOME": str(base / "loop")},
        {"XDG_CACHE_HOME": "/dev/null"},
        {"CHAINRULE_CACHE": str(base / "other")},
        {"CHAINRULE_CACHE": "/proc/self/nowhere"},
    ]
    if os.getuid() == 0:
        (base / "of_root" / "code").mkdir(parents=True)
        places += [
            {"user": NO_USER},
            {"user": NO_USER, "HOME": ""},
            {"user": NO_USER, "HOME": "relative"},
            {"user": NO_USER, "HOME": "/nonexistent", "XDG_CACHE_HOME": "relative"},
            {"user": NO_USER, "CHAINRULE_CACHE": "~/here"},
            {"user": NO_USER, "CHAINRULE_CACHE": str(base / "of_root")},
        ]
    train_and_jit()  # imports what it needs, which another user might not
    for place in places:

        def check(place=place):
            enter(**place)
            (message,) = train_and_jit()
            assert message.startswith("compiled programs are not kept"), place
            assert "set the environment variable CHAINRULE_CACHE" in message

        in_child(check)


def test_a_folder_chosen_as_the_warning_says_ends_it(in_child, base):
    chosen = base / "chosen"

    def check():
        enter(HOME="/dev/null", CHAINRULE_CACHE=str(chosen))
        assert train_and_jit() == []

    in_child(check)
    in_child(check)
    assert stat.S_IMODE((chosen / "code").stat().st_mode) == 0o700
    assert stat.S_IMODE((chosen / "code.secret").stat().st_mode) == 0o600


def is_cached():
    """Compile a program or take it from the cache; return which, and whether it is right."""
    program = NativeProgram(trace(np.cos)(X))
    np.testing.assert_allclose(program([X])[0], np.cos(X))
    return program.is_from_cache


@pytest.mark.parametrize("umask", [0, 0o002, 0o077])
def test_what_is_cached_is_private_by_any_umask_and_is_read_again(in_child, base, umask):
    def check():
        os.umask(umask)
        assert [is_cached(), is_cached()] == [False, True]

    in_child(check)


def entry(folder):
    (path,) = folder.iterdir()
    return path


def replace_by(path, kind):
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            os.chdir(path.parent)
            server.bind(path.name[:60])
            os.rename(path.name[:60], path.name)
    elif kind == "link to a device":
        path.symlink_to("/dev/zero")
    elif kind == "link to itself":
        path.symlink_to(path)
    elif kind == "huge":
        path.touch(0o600)
        os.truncate(path, 2**40)


def test_what_is_no_file_in_place_of_an_entry_is_made_anew_and_never_waited_for(in_child, base):
    def check():
        is_cached()
        path = entry(base / "code")
        for kind in ("pipe", "folder", "socket", "link to a device", "link to itself", "huge"):
            replace_by(path, kind)
            assert not is_cached(), kind
            if kind == "folder":  # which may hold something
                path.rmdir()
                private_folder._failures.clear()
                assert not is_cached()
            assert is_cached(), kind

    in_child(check)


def test_what_is_no_file_in_place_of_the_secret_or_folder_never_hangs(in_child, base):
    def check():
        is_cached()
        for kind in ("pipe", "link to a device", "socket", "huge"):
            replace_by(base / "code.secret", kind)
            private_folder._secrets.clear()
            assert [is_cached(), is_cached()] == [False, True], kind
        shutil.rmtree(base / "code")
        os.mkfifo(base / "code")
        with pytest.warns(cr.ChainruleWarning, match="code cannot be created"):
            assert not is_cached()

    in_child(check)


def altered(valid, choose):
    """Alter some places of an entry, perhaps with a checksum that anyone can compute."""
    content = bytearray(valid)
    for _ in range(choose.choice([1, 1, 2, 20])):
        start = choose.randrange(choose.choice([100, 400, max(len(content), 1)]))
        size = choose.randrange(1, 50)
        way = choose.randrange(4)
        if way == 0:
            content[start : start + 1] = choose.randbytes(1)
        elif way == 1:
            del content[start : start + size]
        elif way == 2:
            content[start:start] = choose.randbytes(size)
        else:
            del content[max(start, 1) :]
    body = bytes(content[HEADER_BYTES:])
    digest = choose.choice([hashlib.sha256(body), hashlib.blake2b(body, digest_size=32)]).digest()
    sealed = valid[: len(MAGIC) + 32] + digest + body
    return choose.choice([sealed, bytes(content)])


def test_no_altered_entry_is_read_whatever_its_checksum(base):
    choose = random.Random(0)
    assert not is_cached()
    path = entry(base / "code")
    valid, key = path.read_bytes(), bytes.fromhex(path.name)
    for number in range(3000):
        content = altered(valid, choose)
        path.unlink()  # faster than to overwrite it
        path.write_bytes(content)
        if content != valid:
            assert object_cache.read_entry(key) is None
            assert number % 1000 or not is_cached()
    assert [is_cached(), is_cached()] == [False, True]


def test_an_entry_sealed_with_the_secret_but_of_another_form_is_rebuilt(base):
    graph = trace(lambda x: np.sin(x) + np.arange(3.0))(np.ones(3))
    NativeProgram(graph)
    path = entry(base / "code")
    content = path.read_bytes()
    key, body = content[len(MAGIC) : len(MAGIC) + 32], content[HEADER_BYTES:]
    length = int.from_bytes(body[:8], "little")
    header, rest = body[8 : 8 + length], body[8 + length :]
    changes = [
        (b'"arena"', b'"ARENA"'), (b'"arena": ', b'"arena": -1, "x": '),
        (b'"arena": ', b'"arena": 9e9'), (b'"arena": ', b'"arena": 1e4000'),
        (b'"scratch": ', b'"scratch": null, "x": '),
        (b"[true", b'[true, true, "a"'), (b'"is_read": [', b'"is_read": 3, "x": ['),
        (b'"constants": [', b'"constants": [-1, '), (b'"constants": [', b'"constants": [99, '),
        (b'"constants": [', b'"constants": [["<f8", [9999999999999]], '),
        (b'"constants": [', b'"constants": [["O", [1]], '),
        (b'"constants": [', b'"constants": [["<f8", [-1]], '),
        (b'"constants": [', b'"constants": [["V0", [3]], '),
        (b'"constants": [', b'"constants": [[[], {}], '),
        (b"{", b"[" * 100_000), (b"{", b"3"), (b"{", b"\xff"), (header, b"[]"), (header, b'{"a'),
    ]  # fmt: skip
    secret = private_folder.secret_of(base / "code")
    for old, new in changes:
        assert old in header
        changed = header.replace(old, new, 1)
        altered = len(changed).to_bytes(8, "little") + changed + rest
        path.write_bytes(object_cache._header(key, altered, secret) + altered)
        program = NativeProgram(graph)
        assert not program.is_from_cache, (old, new)
        assert NativeProgram(graph).is_from_cache


# ------------------------------------------------------------------------------ bound and clock


def test_one_process_keeps_the_bound_while_it_writes(base, monkeypatch):
    monkeypatch.setattr(object_cache, "EVICTION_BYTES", 10_000)
    monkeypatch.setattr(evict_entries, "__defaults__", (50_000,))
    largest = 0
    for number in range(100):
        object_cache.write_entry(hashlib.sha256(bytes([number])).digest(), bytes(3000))
        largest = max(largest, sum(each.stat().st_size for each in (base / "code").iterdir()))
    assert 40_000 < largest <= 60_000 + 100
    object_cache.write_entry(hashlib.sha256(b"large").digest(), bytes(10_001))
    assert not (base / "code" / hashlib.sha256(b"large").hexdigest()).exists()


def test_entries_from_the_future_are_evicted_first_and_folders_do_no_harm(base):
    now = time.time()
    for name, used in {"a": now - 50, "b": now + 10**7, "c": now - 10, "d": now + 5}.items():
        (base / name).write_bytes(bytes(100))
        os.utime(base / name, (used, used))
    (base / "folder").mkdir()
    (base / ".writing.tmp").write_bytes(bytes(1000))
    evict_entries(base, 250)
    assert {each.name for each in base.iterdir()} == {"c", "d", "folder", ".writing.tmp"}


def in_children(count, check):
    """Run a function in several children at once."""
    children = []
    for _ in range(count):
        if not (child := os.fork()):
            code = 1
            try:
                check()
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * count


def test_many_processes_share_a_cache_with_evictions_between(base, monkeypatch):
    monkeypatch.setattr(object_cache, "EVICTION_BYTES", 3000)
    monkeypatch.setattr(evict_entries, "__defaults__", (5000,))

    def check():
        for number in range(60):
            text = f"program {number % 20}"
            code = text.encode() * 50
            assert object_cache.cached_object(text, lambda code=code: code) == code

    in_children(4, check)
    size = sum(each.stat().st_size for each in (base / "code").iterdir())
    assert 3000 < size <= 5000 + 4 * (3000 + 700)


def test_the_secret_is_created_once_by_many_processes(base):
    def check():
        secret = private_folder.secret_of(base / "code")
        (base / secret.hex()).touch()

    in_children(4, check)
    assert len(os.listdir(base)) == 2

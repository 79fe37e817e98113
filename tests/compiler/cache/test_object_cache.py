"""Object cache: keys, validation of entries, permissions, full disks, concurrent processes."""

import errno
import os
import re
import stat
import subprocess
import sys

import pytest

import chainrule as cr
from chainrule.compiler.cache import object_cache, private_folder
from chainrule.compiler.cache.object_cache import cached_object, evict_entries, program_key


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(private_folder, "_told", [])
    monkeypatch.setattr(private_folder, "_failures", [])
    monkeypatch.setattr(object_cache, "_unchecked", {})
    return tmp_path / "cache" / "code"


class Compiler:
    """Counts its calls."""

    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return b"code of program"


def entry(folder):
    (path,) = folder.iterdir()
    return path


def test_a_program_is_compiled_once(folder):
    compiler = Compiler()
    for _ in range(3):
        assert cached_object("program", compiler) == b"code of program"
    assert compiler.calls == 1
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_key_depends_on_program_vector_unit_and_fingerprint(monkeypatch):
    keys = {program_key("a"), program_key("b")}
    monkeypatch.setenv("CHAINRULE_VECTORS", "portable")
    keys.add(program_key("a"))
    monkeypatch.setattr(object_cache, "build_fingerprint", lambda: "another machine")
    keys.add(program_key("a"))
    assert len(keys) == 4


def test_nothing_is_cached_without_a_fingerprint(folder, monkeypatch):
    monkeypatch.setattr(object_cache, "build_fingerprint", lambda: None)
    compiler = Compiler()
    for _ in range(2):
        assert cached_object("program", compiler) == b"code of program"
    assert compiler.calls == 2
    assert not folder.exists()


@pytest.mark.parametrize("position", [0, 20, 60, -1])
def test_an_altered_entry_is_rebuilt(folder, position):
    compiler = Compiler()
    cached_object("program", compiler)
    content = bytearray(entry(folder).read_bytes())
    content[position] ^= 1
    entry(folder).write_bytes(content)
    assert cached_object("program", compiler) == b"code of program"
    assert compiler.calls == 2
    assert cached_object("program", compiler) == b"code of program"
    assert compiler.calls == 2


@pytest.mark.parametrize("size", [0, 10, 80, 90])
def test_a_truncated_entry_is_rebuilt(folder, size):
    compiler = Compiler()
    cached_object("program", compiler)
    os.truncate(entry(folder), size)
    assert cached_object("program", compiler) == b"code of program"
    assert compiler.calls == 2


def test_a_renamed_entry_is_rebuilt(folder):
    compiler = Compiler()
    cached_object("program", compiler)
    os.replace(entry(folder), folder / program_key("other").hex())
    assert cached_object("other", compiler) == b"code of program"
    assert compiler.calls == 2


def test_an_entry_that_others_can_write_is_not_read(folder):
    compiler = Compiler()
    cached_object("program", compiler)
    entry(folder).chmod(0o666)
    cached_object("program", compiler)
    assert compiler.calls == 2
    path = entry(folder)
    path.rename(folder.parent / "elsewhere")
    path.symlink_to(folder.parent / "elsewhere")
    cached_object("program", compiler)
    assert compiler.calls == 3


def test_a_folder_that_others_can_write_is_not_used(folder):
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    compiler = Compiler()
    with pytest.warns(cr.errors.ChainruleWarning, match="is not trusted"):
        cached_object("program", compiler)
    cached_object("program", compiler)  # warns once
    assert compiler.calls == 2
    assert not list(folder.iterdir())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_errors_of_the_disk_are_ignored(folder, monkeypatch, number):
    def refuse(path, parts, permissions, durable):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(object_cache, "write_atomically", refuse)
    compiler = Compiler()
    assert cached_object("program", compiler) == b"code of program"
    with pytest.warns(cr.errors.ChainruleWarning, match=re.escape(os.strerror(number))):
        assert cached_object("program", compiler) == b"code of program"
    assert compiler.calls == 2
    assert not list(folder.iterdir())


def test_a_disk_that_fills_up_during_a_write_leaves_no_file(folder, monkeypatch):
    def fill(descriptor, content):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "write", fill)
    assert cached_object("program", Compiler()) == b"code of program"
    assert not list(folder.iterdir())


def test_concurrent_processes_leave_one_valid_entry(folder):
    program = (
        "import time\n"
        "from chainrule.compiler.cache.object_cache import cached_object\n"
        "def compiled():\n"
        "    time.sleep(0.2)\n"
        "    return b'code of program' * 100_000\n"
        "assert cached_object('program', compiled) == b'code of program' * 100_000\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program]
    processes = [subprocess.Popen(command, env=environment) for _ in range(4)]
    assert [each.wait(600) for each in processes] == [0] * 4
    compiler = Compiler()
    assert cached_object("program", compiler) == b"code of program" * 100_000
    assert compiler.calls == 0
    assert entry(folder).name == program_key("program").hex()


def test_cleaning_removes_the_least_recently_used(folder):
    for number in range(4):
        cached_object(f"program {number}", Compiler())
        os.utime(folder / program_key(f"program {number}").hex(), (number, number))
    size = next(folder.iterdir()).stat().st_size
    evict_entries(folder, max_bytes=2 * size + size // 2)
    names = {path.name for path in folder.iterdir()}
    assert names == {program_key(f"program {n}").hex() for n in (2, 3)}


def test_another_process_reads_the_entry(folder):
    program = (
        "from chainrule.compiler.cache.object_cache import cached_object\n"
        "def refuse(): raise SystemExit('compiled again')\n"
        "assert cached_object('program', refuse) == b'code of program'\n"
    )
    cached_object("program", Compiler())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)

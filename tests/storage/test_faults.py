"""Kills, errors and interrupts at every operation of a write: a whole file, and nothing else.

A profile function sees each call of a C function, and a trace function each instruction of Python,
between any two of which a signal may arrive.
"""

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import chainrule as cr
from chainrule.insight.figure import save as save_figure
from chainrule.storage import atomic_write as storage
from chainrule.storage import interruption, target_file, temporary_file

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

OLD, NEW = b"old" * 1000, b"new" * 2000
FILES = {
    interruption.__file__,
    storage.__file__,
    target_file.__file__,
    temporary_file.__file__,
}

NO_CALLS = {"getpid", "urandom", "fileno", "__exit__"}
"""Functions that do nothing to a file."""


@pytest.fixture
def folder(tmp_path):
    """Return a folder in memory if there is one, where a flush takes no time."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        yield Path(name)


def write(path):
    storage.write_atomically(path, iter([NEW[:1000], NEW[1000:]]))


def run_in_child(check):
    """Run a function in a forked child; return how that ended, negative for a signal."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            check()
            code = 0
        except BaseException:  # noqa: BLE001 - shown, as the parent sees the code only
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def file_calls(path, act=lambda number, name: None):
    """Write, and call `act` with the number and name of each call of the system, before it."""
    names = []

    def profile(frame, event, function):
        if getattr(function, "__name__", "") in NO_CALLS:
            return
        is_file = getattr(function, "__module__", None) == "posix" or isinstance(
            getattr(function, "__self__", None), storage.FileIO
        )
        if (
            event == "c_call"
            and (is_file or function is open)
            and frame.f_code.co_filename in FILES
        ):
            names.append(function.__name__)
            act(len(names) - 1, function.__name__)

    sys.setprofile(profile)
    try:
        write(path)
    finally:
        sys.setprofile(None)
    return names


def raised_by(function):
    try:
        function()
    except OSError as error:
        return error
    return None


def assert_whole(path, alone=True):
    assert path.read_bytes() in (OLD, NEW)
    if alone:
        assert os.listdir(path.parent) == [path.name]


def test_a_kill_at_any_operation_leaves_a_whole_file_and_the_next_write_removes_the_rest(folder):
    path = folder / "file"
    path.write_bytes(OLD)
    temporary_file._owner(os.getpid())
    calls = file_calls(path)
    assert {"open", "write", "fsync", "replace", "listdir", "unlink"} <= set(calls)
    left = 0
    for killed_at in range(len(calls)):
        path.write_bytes(OLD)

        def kill(number, name, at=killed_at):
            if number == at:
                os.kill(os.getpid(), signal.SIGKILL)

        assert run_in_child(lambda act=kill: file_calls(path, act)) == -signal.SIGKILL
        left += len(os.listdir(folder)) - 1
        assert_whole(path, alone=False)
        write(path)
        assert_whole(path)
    assert left > 5  # a kill does leave the file, without the next write


def test_an_error_of_any_operation_names_the_file_and_leaves_it_whole(folder):
    path = folder / "file"
    path.write_bytes(OLD)
    temporary_file._owner(os.getpid())
    calls, told = file_calls(path), set()
    for failing in range(len(calls)):
        path.write_bytes(OLD)

        def fail(number, name, at=failing):
            if number == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        error = raised_by(lambda act=fail: file_calls(path, act))
        if error is not None:
            assert error.filename == os.fspath(path), calls[failing]
            assert "No space left" in error.strerror
            told.add(calls[failing])
        assert_whole(path, alone=calls[failing] != "unlink")
        write(path)
        assert_whole(path)
    assert {"open", "write", "fsync", "replace"} <= told


@pytest.mark.filterwarnings("ignore:unclosed file")  # closed as the interrupt drops it
def test_an_interrupt_at_any_instruction_leaves_a_whole_file_and_nothing_else(folder):
    path = folder / "file"
    path.write_bytes(OLD)

    def interrupted(at):
        """Write, with an interrupt at one instruction; return how many there were."""
        count = 0

        def trace(frame, event, argument):
            nonlocal count
            if frame.f_code.co_filename not in FILES:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                count += 1
                if count == at:
                    raise KeyboardInterrupt
            return trace

        sys.settrace(trace)
        try:
            write(path)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        return count

    def check():
        total = interrupted(-1)
        for at in range(1, total + 1):
            path.write_bytes(OLD)
            interrupted(at)
            assert_whole(path)
        assert total > 200

    assert run_in_child(check) == 0


def test_a_file_beyond_the_limit_of_its_size_is_told_by_its_path(tmp_path):
    import resource

    path = tmp_path / "file"
    path.write_bytes(OLD)

    def check():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
        with pytest.raises(
            OSError, match=r"File too large; an earlier version .* unchanged"
        ) as told:
            write(path)
        assert told.value.filename == str(path)

    assert run_in_child(check) == 0
    assert path.read_bytes() == OLD
    assert_whole(path)


# ------------------------------------------------------------------------------ what is no file


def irregular(folder):
    """Create what is no regular file; return the reason for which each is refused."""
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(folder / "socket"))
    (folder / "dangling").symlink_to(folder / "absent")
    (folder / "loop").symlink_to(folder / "other")
    (folder / "other").symlink_to(folder / "loop")
    (folder / "self").symlink_to("self")
    (folder / "to_pipe").symlink_to("pipe")
    (folder / "to_null").symlink_to(os.devnull)
    (folder / "to_folder").symlink_to("folder")
    return {
        "pipe": "this is a named pipe", "folder": "this is a folder", "socket": "a socket",
        "dangling": "leads to no file", "loop": "in a circle", "self": "in a circle",
        "to_pipe": "named pipe", "to_null": "a device", "to_folder": "a folder",
        "absent/": "names a folder", "absent/file": "create it first", "a\0b": "null",
    }  # fmt: skip


def test_what_is_no_regular_file_is_refused_and_stays(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    reasons = irregular(folder)
    before = {name: os.lstat(folder / name) for name in os.listdir(folder)}
    for name, reason in reasons.items():
        with pytest.raises(OSError, match=reason):
            storage.write_atomically(f"{folder}/{name}", b"content")
    for path in (os.devnull, "/dev/full", "/dev/stdout", "/proc/self/fd/1"):
        if stat.S_ISREG(os.stat(path).st_mode):
            continue  # the output of the tests is a file
        with pytest.raises(OSError, match=r"this is a (device|named pipe|socket)"):
            storage.write_atomically(path, b"content")
    assert {name: os.lstat(folder / name) for name in os.listdir(folder)} == before


def test_everything_that_writes_refuses_a_pipe(tmp_path):
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    X = np.ones((4, 2), "float32")
    net = cr.Network([cr.nn.Dense(1)])
    net(X)
    machine = cr.RBM(3)
    machine.fit(X, epochs=1)
    figure = Figure()
    writers = {
        "net.save": net.save,
        "RBM.save": machine.save,
        "write_idx": lambda path: cr.data.write_idx(path, np.zeros(3, np.uint8)),
        "figure": lambda path: save_figure(figure, path),
        "publish": lambda path: storage.publish(tmp_path / "part", path),
        "write_at": lambda path: storage.write_at(path, 0, [b"content"]),
    }
    (tmp_path / "part").write_bytes(b"content")
    for write_to in writers.values():
        with pytest.raises(OSError, match="named pipe"):
            write_to(pipe)
    assert stat.S_ISFIFO(os.lstat(pipe).st_mode)


# ------------------------------------------------------------------ permissions, owner and links


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755, 0o604])
def test_a_file_that_is_replaced_keeps_its_attributes_and_is_private_until_then(tmp_path, mode):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    if os.getuid() == 0:
        os.chown(path, 12345, 23456)
    path.chmod(mode)
    has_attributes = _sets_attribute(path)
    before, seen = path.stat(), []

    def chunks():
        for _ in range(3):
            seen.extend(each.stat().st_mode & 0o077 for each in tmp_path.iterdir() if each != path)
            yield b"content"

    storage.write_atomically(path, chunks())
    after = path.stat()
    assert seen == [0, 0, 0]
    assert after.st_ino != before.st_ino
    for name in ("st_mode", "st_uid", "st_gid"):
        assert getattr(after, name) == getattr(before, name)
    assert not has_attributes or os.getxattr(path, "user.origin") == b"here"


def _sets_attribute(path):
    try:
        os.setxattr(path, "user.origin", b"here")
    except OSError:
        return False
    return True


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_a_new_file_is_never_more_readable_than_the_umask_allows(tmp_path, umask):
    def chunks():
        (temporary,) = tmp_path.iterdir()
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o666 & ~umask
        yield b"content"

    before = os.umask(umask)
    try:
        storage.write_atomically(tmp_path / "file", chunks())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~umask


def test_a_read_only_file_is_refused_until_it_is_made_writable(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="read-only; allow to write it"):
        storage.write_atomically(path, NEW)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (OLD, 0o444)
    path.chmod(0o644)
    storage.write_atomically(path, NEW)
    assert path.read_bytes() == NEW


def test_a_chain_of_links_is_followed_and_stays(tmp_path):
    (tmp_path / "real").mkdir()
    target, first, second = tmp_path / "real" / "file", tmp_path / "first", tmp_path / "second"
    target.write_bytes(OLD)
    first.symlink_to("second")
    second.symlink_to("real/file")
    storage.write_atomically(first, NEW)
    assert (os.readlink(first), os.readlink(second)) == ("second", "real/file")
    assert target.read_bytes() == NEW
    assert os.listdir(tmp_path / "real") == ["file"]


def test_another_hard_link_keeps_the_old_content(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    os.link(path, tmp_path / "copy")
    storage.write_atomically(path, NEW)
    assert (path.read_bytes(), (tmp_path / "copy").read_bytes()) == (NEW, OLD)


def test_a_folder_that_may_be_written_but_not_listed_takes_a_file(folder):
    def check():
        if os.getuid() == 0:  # whom permissions do not bind
            os.chown(folder, 12345, 12345)
            os.setgroups([])
            os.setgid(12345)
            os.setuid(12345)
        os.chmod(folder, 0o300)
        storage.write_atomically(folder / "file", NEW)

    assert run_in_child(check) == 0
    os.chmod(folder, 0o700)
    assert (folder / "file").read_bytes() == NEW


# ------------------------------------------------------------------------------ temporary files


def test_only_temporary_files_of_the_dead_are_removed(tmp_path):
    sleeper = subprocess.Popen(["sleep", "60"])
    zombie = os.fork()
    if zombie == 0:
        os._exit(0)
    try:
        mine = temporary_file._this_process()
        start = temporary_file._start_of(sleeper.pid)
        while temporary_file._start_of(zombie):
            time.sleep(0.001)
        day = temporary_file.ABANDONED_SECONDS
        cases = [
            ("alive", mine.host, sleeper.pid, start, 0, True),
            ("number given again", mine.host, sleeper.pid, start - 1, 0, False),
            ("dead", mine.host, 2**22 + 5, 77, 0, False),
            ("dead, not waited for", mine.host, zombie, 77, 0, False),
            ("left by this process", mine.host, mine.process, mine.start, 0, False),
            ("elsewhere, just now", "0" * 16, 1, 1, day / 2, True),
            ("elsewhere, long ago", "0" * 16, 1, 1, day * 2, False),
        ]
        paths = {}
        for number, (case, host, process, began, age, _) in enumerate(cases):
            path = tmp_path / f".chainrule-{host}-{process}-{began}-{number:016x}.tmp"
            path.write_bytes(b"half")
            os.utime(path, (time.time() - age,) * 2)
            paths[case] = path
        (tmp_path / ".chainrule-notes.tmp").write_bytes(b"of the user")
        storage.write_atomically(tmp_path / "file", NEW)
        assert {case: paths[case].exists() for case in paths} == {
            case: stays for case, *_, stays in cases
        }
        assert (tmp_path / ".chainrule-notes.tmp").exists()
    finally:
        sleeper.kill()
        sleeper.wait()
        os.waitpid(zombie, 0)


def test_writers_at_the_same_time_leave_one_whole_file_and_remove_no_others(tmp_path):
    """Threads and processes, of which each write sees the temporary files of the others."""
    path, failures = tmp_path / "file", []

    def write_often():
        try:
            for _ in range(15):
                write(path)
        except OSError as error:
            failures.append(error)

    children = []
    for _ in range(2):
        if not (child := os.fork()):
            write_often()
            os._exit(len(failures))
        children.append(child)
    threads = [threading.Thread(target=write_often) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    assert failures == []
    assert path.read_bytes() == NEW
    assert_whole(path)

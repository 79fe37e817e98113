"""A cached property holds no lock: a child forked while a thread computes it does not wait."""

import os
import threading

import pytest

from chainrule.locks import cached_property

computing, done = threading.Event(), threading.Event()


class Slow:
    """An object whose property another thread is computing."""

    @cached_property
    def value(self) -> int:
        if threading.current_thread() is not threading.main_thread():
            computing.set()
            done.wait(600)
        return 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_forked_while_a_thread_computes_the_property_computes_it_itself() -> None:
    slow = Slow()
    thread = threading.Thread(target=lambda: slow.value)
    thread.start()
    assert computing.wait(600)
    child = os.fork()
    if not child:
        os._exit(0 if slow.value == 3 else 1)
    ended, _ = os.waitpid(child, os.WNOHANG)
    for _ in range(100):
        if ended:
            break
        threading.Event().wait(0.05)
        ended, _ = os.waitpid(child, os.WNOHANG)
    done.set()
    thread.join()
    if not ended:
        os.kill(child, 9)
        os.waitpid(child, 0)
    assert ended, "the child waits for ever"
    assert slow.value == vars(slow)["value"] == 3

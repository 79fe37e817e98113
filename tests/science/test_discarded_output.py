"""What a traced function prints is discarded in its thread alone."""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest

from chainrule.science.discarded_output import discarded_output


def test_blocks_that_overlap_leave_the_stream_as_it_was(capsys: pytest.CaptureFixture[Any]) -> None:
    before, both, has_ended = sys.stdout, Barrier(3), Event()

    def first() -> None:
        with discarded_output():
            both.wait(600)
            print("discarded")
        has_ended.set()

    def second() -> None:
        with discarded_output():
            both.wait(600)
            has_ended.wait(600)
            print("discarded")

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(first), pool.submit(second)]
        both.wait(600)
        print("printed")
        [each.result(600) for each in running]
    assert sys.stdout is before
    print("printed")
    assert capsys.readouterr().out == "printed\nprinted\n"

"""Compiled ``while_loop`` and ``cond``: the values of the NumPy evaluator, on any threads."""

import os
import signal
import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.printer import format_program
from chainrule.compiler.native_program import NativeProgram
from chainrule.compiler.pipeline import compile_to_loops
from chainrule.graph.evaluate import evaluate
from chainrule.graph.trace import trace
from tests.compiler.programs.conditional_programs import PROGRAMS, linked_list
from tests.golden_file import check_golden


def check_bits(function, *arguments):
    graph = trace(function)(*arguments)
    expected = evaluate(graph, [np.asarray(each) for each in arguments])
    cr.set_num_threads(4)
    program = NativeProgram(graph)
    for threads in (4, 2, 1):
        cr.set_num_threads(threads)
        results = program(arguments)
        for result, value in zip(results, expected, strict=True):
            assert result.tobytes() == np.asarray(value).tobytes(), (function.__name__, threads)
    return program.is_multithreaded


def test_compiled_loops_give_the_bits_of_numpy_on_any_number_of_threads(in_child):
    def check():
        are_shared = [check_bits(*each) for each in PROGRAMS]
        assert 4 < sum(are_shared) < len(PROGRAMS) - 4  # small ones do not pay for barriers

    in_child(check)


def test_printed_loops_equal_the_golden_file():
    chosen = {"newton", "while_in_scan", "cond_in_while", "cond_with_kernels", "stored_rows"}
    chosen |= {"swapped_in_branches", "kept_or_moved"}
    programs = {each[0].__name__: each for each in PROGRAMS if each[0].__name__ in chosen}
    loops = [compile_to_loops(trace(f)(*arguments)).loops for f, *arguments in programs.values()]
    check_golden("conditional.loops", "\n\n".join(map(format_program, loops)))


def test_an_index_out_of_bounds_ends_the_loop_and_raises(in_child):
    def check():
        # At the clamped index, 0, the loop would run for ever.
        following = np.array([9, 4, -1])
        for threads in (1, 2):
            cr.set_num_threads(threads)
            with pytest.raises(IndexError, match="9"):
                NativeProgram(trace(linked_list)(following))([following])

    in_child(check)


def test_an_index_out_of_bounds_ends_the_loop_of_all_threads(in_child):
    def search(x, rows):
        step = lambda c: (c[0] * 1.5 + x[c[1]] * x, rows[c[1]])  # noqa: E731
        return cr.while_loop(lambda c: c[1] >= 0, step, (x, np.int64(0)))

    def check():
        cr.set_num_threads(2)
        x, rows = np.ones(50_000), np.zeros(3, int)
        rows[0] = 60_000
        program = NativeProgram(trace(search)(x, rows))
        assert program.is_multithreaded
        with pytest.raises(IndexError):
            program([x, rows])
        rows[0] = -1
        assert program([x, rows])[0][0] == 2.5

    in_child(check)


def test_conditions_that_are_constant_leave_no_loop():
    x = np.ones(3)
    decided = [
        (lambda x: cr.cond(True, lambda: 2 * x, lambda: np.exp(x)), ["multiply"]),
        (lambda x: cr.cond(False, lambda: 2 * x, lambda: np.exp(x)), ["exp"]),
        (lambda x: cr.while_loop(lambda _: np.bool_(False), np.exp, x), []),
        (lambda x: cr.while_loop(lambda x: x[0] > 0, np.exp, x, max_steps=0), []),
    ]
    for function, names in decided:
        graph = simplify(trace(function)(x))
        equations = [n.primitive.name for n in graph.equations if not n.primitive.is_broadcast]
        assert equations == names


def test_a_loop_without_end_lets_python_handle_signals(in_child):
    def count(last, x):
        return cr.while_loop(lambda c: c[0] != last, lambda c: (c[0] + 1, c[1] * 1.5), (0, x))

    def interrupt_after(seconds):
        threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()

    def check():
        cr.set_num_threads(2)
        for x in (np.float64(1.0), np.ones(60_000)):
            program = NativeProgram(trace(count)(np.int64(0), x))
            assert program.is_multithreaded == (x.size > 1)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            interrupt_after(0.05)
            with pytest.raises(KeyboardInterrupt):
                program([np.int64(-1), x])
            assert program([np.int64(2), x])[1].flat[0] == 2.25
        # A handler that returns does not end the loop.
        program, calls = NativeProgram(trace(count)(np.int64(0), np.float64(1.0))), []
        signal.signal(signal.SIGINT, lambda *_: calls.append(1))
        interrupt_after(0.01)
        assert program([np.int64(10**8), np.float64(1.0)])[0] == 10**8
        assert calls == [1]

    in_child(check)


def test_a_loop_reads_concatenations_from_the_graph_around_it():
    def stacked(a, b, factor):
        def step(carry):
            count, total = carry
            around = np.concatenate([a, b[:, None]], axis=1)  # computed before the loop
            inside = np.concatenate([np.diag(total * factor), np.zeros((3, 1))], axis=1)
            return count + 1, total + np.sum(np.concatenate([around, inside]))

        return cr.while_loop(lambda carry: carry[0] < 3, step, (0, 1.0))[1]

    check_bits(stacked, np.arange(9.0).reshape(3, 3), np.ones(3), np.arange(3.0))


def test_what_a_signal_handler_raises_ends_a_program_of_callbacks(in_child):
    def steps(x, rows):
        def step(carry, row):
            singular_values = np.linalg.svd(carry, compute_uv=False)
            return np.cos(carry), singular_values[0] + np.sum(np.tanh(row + carry[0, 0]))

        return cr.scan(step, x, rows)[1]

    def raise_timeout(*_):
        raise TimeoutError

    def run_again_and_again(program, inputs):  # as one run may end before the signal
        while True:
            program(inputs)

    def check():
        x, rows = np.eye(2), np.zeros((2000, 1000))
        program = NativeProgram(trace(steps)(x, rows))
        expected = program([x, rows])[0]
        signal.signal(signal.SIGALRM, raise_timeout)
        signal.setitimer(signal.ITIMER_REAL, 0.01)  # most probably between two callbacks
        with pytest.raises(TimeoutError):
            run_again_and_again(program, [x, rows])
        np.testing.assert_array_equal(program([x, rows])[0], expected)
        x[0, 0] = np.nan  # the first failure ends it too
        with pytest.raises(np.linalg.LinAlgError):
            program([x, rows])

    in_child(check)

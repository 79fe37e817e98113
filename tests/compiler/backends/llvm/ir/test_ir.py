"""The writer of LLVM's language: what it writes is read, and means what NumPy means by it."""

import ctypes
import math
import operator

import llvmlite.binding as llvm
import numpy as np
import pytest

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.object_code import compile_module, load_object
from chainrule.compiler.backends.llvm.target import host_target

WORD, REAL, SHORT = ir.IntType(64), ir.DoubleType(), ir.FloatType()


def started(returns, *kinds):
    module = ir.Module("a name; with\nstrange signs")
    module.triple = host_target().triple
    function = ir.Function(module, ir.FunctionType(returns, list(kinds)), "f")
    return module, ir.IRBuilder(function.append_basic_block("entry")), function.args


def ready(module, returns, *kinds):
    library = load_object(compile_module(str(module), host_target()), ("f",))
    call = ctypes.CFUNCTYPE(returns, *kinds)(library.address("f"))
    call.library = library
    return call


def word(number):
    return ir.Constant(WORD, number)


WHOLE = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "and_": operator.and_,
    "or_": operator.or_,
    "xor": operator.xor,
    "shl": operator.lshift,
    "ashr": operator.rshift,
    "udiv": operator.floordiv,
    "urem": operator.mod,
    "sdiv": operator.floordiv,
    "srem": operator.mod,
    "lshr": operator.rshift,
}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 1), (7, 3), (2**40 + 5, 9)])
def test_whole_numbers_are_combined_as_in_python(name, a, b, in_child):
    def check():
        wanted = WHOLE[name](a, b)
        for known in ((), (0,), (1,), (0, 1)):
            module, builder, args = started(WORD, WORD, WORD)
            given = [word((a, b)[i]) if i in known else args[i] for i in range(2)]
            builder.ret(getattr(builder, name)(*given))
            call = ready(module, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
            assert call(a, b) == wanted

    in_child(check)


def test_sums_that_do_not_fit_wrap_around(in_child):
    def check():
        module, builder, _ = started(WORD)
        builder.ret(builder.add(word(2**63 - 1), word(1)))
        assert ready(module, ctypes.c_int64)() == -(2**63)

    in_child(check)


@pytest.mark.parametrize("relation", ["<", "<=", "==", "!=", ">", ">="])
def test_comparisons_mind_signs_and_what_is_not_a_number(relation, in_child):
    tests = {
        "<": operator.lt, "<=": operator.le, "==": operator.eq,
        "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
    }  # fmt: skip

    def whole(compare, a, b):
        module, builder, args = started(WORD, WORD, WORD)
        bit = getattr(builder, compare)(relation, *args)
        builder.ret(builder.select(bit, word(1), word(0)))
        return ready(module, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(a, b)

    def real(compare, a, b):
        module, builder, args = started(WORD, REAL, REAL)
        builder.ret(builder.zext(getattr(builder, compare)(relation, *args), WORD))
        return ready(module, ctypes.c_int64, ctypes.c_double, ctypes.c_double)(a, b)

    def check():
        for a, b in ((-1, 1), (1, 1), (2, 1)):
            assert whole("icmp_signed", a, b) == tests[relation](a, b)
            assert whole("icmp_unsigned", a, b) == tests[relation](a % 2**64, b % 2**64)
            assert real("fcmp_ordered", a, b) == real("fcmp_unordered", a, b)
        assert real("fcmp_ordered", math.nan, 1.0) == 0
        assert real("fcmp_unordered", math.nan, 1.0) == 1

    in_child(check)


@pytest.mark.parametrize(
    "number", [0.0, -0.0, 0.1, -2.5e-310, 1e300, math.inf, -math.inf, math.nan]
)
def test_numbers_are_written_to_the_bit(number, in_child):
    def check():
        module, builder, _ = started(REAL)
        builder.ret(ir.Constant(REAL, number))
        found = ready(module, ctypes.c_double)()
        assert np.float64(found).tobytes() == np.float64(number).tobytes()
        with np.errstate(over="ignore", under="ignore"):
            rounded = np.float32(number)
        if np.isfinite(rounded) or not np.isfinite(number):
            module, builder, _ = started(SHORT)
            builder.ret(ir.Constant(SHORT, number))
            assert np.float32(ready(module, ctypes.c_float)()).tobytes() == rounded.tobytes()

    in_child(check)


@pytest.mark.parametrize("numbers", [[0.0] * 4, [-0.0] * 4, [1.5] * 4, [1.0, 2.0, -0.0, 4.0], None])
def test_vectors_are_written_to_the_bit(numbers, in_child):
    def check():
        kind = ir.VectorType(REAL, 4)
        module, builder, (place,) = started(ir.VoidType(), emit.POINTER)
        builder.store(ir.Constant(kind, numbers), place, align=8)
        builder.ret_void()
        found = np.full(4, np.nan)
        ready(module, None, ctypes.c_void_p)(found.ctypes.data)
        assert found.tobytes() == np.array(numbers or [0.0] * 4).tobytes()

    in_child(check)


def test_lanes_are_chosen_as_numpy_chooses(in_child):
    def check():
        kind = ir.VectorType(REAL, 4)
        module, builder, (place,) = started(ir.VoidType(), emit.POINTER)
        vector = builder.load(place, typ=kind, align=8)
        order = ir.Constant(ir.VectorType(ir.IntType(32), 4), [3, 0, 6, 1])
        chosen = builder.shuffle_vector(vector, builder.fneg(vector), order)
        last = builder.extract_element(chosen, ir.Constant(ir.IntType(32), 2))
        chosen = builder.insert_element(chosen, last, ir.Constant(ir.IntType(32), 0))
        bit = builder.fcmp_ordered(">", chosen, ir.Splat(kind, 1.5))
        chosen = builder.select(builder.not_(bit), chosen, builder.fadd(chosen, chosen))
        builder.store(chosen, place, align=8)
        builder.ret_void()
        numbers = np.array([1.0, 2.0, 3.0, 4.0])
        ready(module, None, ctypes.c_void_p)(numbers.ctypes.data)
        np.testing.assert_array_equal(numbers, [-3.0, 1.0, -3.0, 4.0])

    in_child(check)


def test_branches_and_loops_go_where_they_should(in_child):
    """Sum the odd numbers below n, twice the others."""

    def check():
        module, builder, (n,) = started(WORD, WORD)
        with emit.loop_with_values(builder, word(0), n, [word(0)], "i") as (i, (total,), following):
            odd = builder.icmp_unsigned("==", builder.urem(i, word(2)), word(1))
            with builder.goto_entry_block():
                room = builder.alloca(WORD)
            with builder.if_else(odd) as (yes, no):
                with yes:
                    builder.store(i, room)
                with no:
                    builder.store(builder.shl(i, word(1)), room)
            with builder.if_then(builder.icmp_signed("<", i, word(0)), likely=False):
                builder.store(word(-1000), room)
            following.append(builder.add(total, builder.load(room, typ=WORD)))
        builder.ret(total)
        call = ready(module, ctypes.c_int64, ctypes.c_int64)
        for count in (0, 1, 10):
            assert call(count) == sum(k if k % 2 else 2 * k for k in range(count))

    in_child(check)


def test_a_block_computes_nothing_twice():
    module, builder, (a, b) = started(WORD, WORD, WORD)
    assert builder.add(a, b) is builder.add(a, b)
    assert builder.add(a, b) is not builder.sub(a, b)
    assert builder.icmp_signed("<", a, b) is not builder.icmp_unsigned("<", a, b)
    before = builder.add(a, b)
    builder.branch(following := builder.append_basic_block())
    builder.position_at_end(following)
    assert builder.add(a, b) is not before
    builder.ret(builder.add(a, b))
    compile_module(str(module), host_target())


def test_what_the_start_of_a_block_computes_does_not_see_its_end():
    module, builder, (a, b) = started(WORD, WORD, WORD)
    total = builder.add(a, b)
    builder.ret(total)
    early = ir.IRBuilder(builder.block)
    early.position_at_start(builder.block)
    assert early.add(a, b) is not total
    compile_module(str(module), host_target())


def test_known_steps_and_factors_write_nothing():
    _, builder, (place, n) = started(WORD, emit.POINTER, WORD)
    assert builder.gep(place, [word(0)], source_etype=REAL) is place
    assert builder.add(n, word(0)) is n
    assert builder.mul(word(1), n) is n
    assert builder.mul(word(6), word(7)).constant == 42
    assert builder.zext(n, WORD) is n
    assert not builder.block.lines


def test_addresses_step_by_elements_lane_by_lane(in_child):
    def check():
        module, builder, (place,) = started(WORD, emit.POINTER)
        steps = ir.Constant(ir.VectorType(WORD, 2), [0, 3])
        places = builder.gep(place, [steps], source_etype=REAL)
        assert places.type == ir.VectorType(emit.POINTER, 2)
        last = builder.extract_element(places, ir.Constant(ir.IntType(32), 1))
        builder.ret(builder.sub(builder.ptrtoint(last, WORD), builder.ptrtoint(place, WORD)))
        assert ready(module, ctypes.c_int64, ctypes.c_void_p)(4096) == 24

    in_child(check)


def test_strange_names_are_made_plain():
    module, builder, (a, _) = started(WORD, WORD, emit.POINTER)
    builder.comment("for people: %name")
    builder.ret(builder.load(builder.function.args[1], typ=WORD, name="samples X; größe"))
    llvm.parse_assembly(str(module)).verify()
    assert a.name != builder.function.args[1].name

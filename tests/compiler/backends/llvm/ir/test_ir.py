"""The writer of LLVM IR: its text is valid and computes what Python and NumPy compute."""

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


def new_function(returns, *parameters):
    module = ir.Module("a name; with\nstrange signs")
    module.triple = host_target().triple
    function = ir.Function(module, ir.FunctionType(returns, list(parameters)), "f")
    return module, ir.IRBuilder(function.append_basic_block("entry")), function.args


def compiled(module, returns, *parameters):
    library = load_object(compile_module(str(module), host_target()), ("f",))
    call = ctypes.CFUNCTYPE(returns, *parameters)(library.address("f"))
    call.library = library
    return call


def word(number):
    return ir.Constant(WORD, number)


INTEGER_INSTRUCTIONS = {
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


@pytest.mark.parametrize("name", INTEGER_INSTRUCTIONS)
@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 1), (7, 3), (2**40 + 5, 9)])
def test_integer_instructions_agree_with_python(name, a, b, in_child):
    def check():
        expected = INTEGER_INSTRUCTIONS[name](a, b)
        for known in ((), (0,), (1,), (0, 1)):
            module, builder, args = new_function(WORD, WORD, WORD)
            operands = [word((a, b)[i]) if i in known else args[i] for i in range(2)]
            builder.ret(getattr(builder, name)(*operands))
            call = compiled(module, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
            assert call(a, b) == expected

    in_child(check)


def test_constant_folding_leaves_overflow_to_wrap_around(in_child):
    def check():
        module, builder, _ = new_function(WORD)
        builder.ret(builder.add(word(2**63 - 1), word(1)))
        assert compiled(module, ctypes.c_int64)() == -(2**63)

    in_child(check)


@pytest.mark.parametrize("relation", ["<", "<=", "==", "!=", ">", ">="])
def test_comparisons_respect_signedness_and_nan(relation, in_child):
    tests = {
        "<": operator.lt, "<=": operator.le, "==": operator.eq,
        "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
    }  # fmt: skip

    def integers(compare, a, b):
        module, builder, args = new_function(WORD, WORD, WORD)
        bit = getattr(builder, compare)(relation, *args)
        builder.ret(builder.select(bit, word(1), word(0)))
        return compiled(module, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(a, b)

    def floats(compare, a, b):
        module, builder, args = new_function(WORD, REAL, REAL)
        builder.ret(builder.zext(getattr(builder, compare)(relation, *args), WORD))
        return compiled(module, ctypes.c_int64, ctypes.c_double, ctypes.c_double)(a, b)

    def check():
        for a, b in ((-1, 1), (1, 1), (2, 1)):
            assert integers("icmp_signed", a, b) == tests[relation](a, b)
            assert integers("icmp_unsigned", a, b) == tests[relation](a % 2**64, b % 2**64)
            assert floats("fcmp_ordered", a, b) == floats("fcmp_unordered", a, b)
        assert floats("fcmp_ordered", math.nan, 1.0) == 0
        assert floats("fcmp_unordered", math.nan, 1.0) == 1

    in_child(check)


@pytest.mark.parametrize(
    "number", [0.0, -0.0, 0.1, -2.5e-310, 1e300, math.inf, -math.inf, math.nan]
)
def test_scalar_constants_are_exact_to_the_bit(number, in_child):
    def check():
        module, builder, _ = new_function(REAL)
        builder.ret(ir.Constant(REAL, number))
        result = compiled(module, ctypes.c_double)()
        assert np.float64(result).tobytes() == np.float64(number).tobytes()
        with np.errstate(over="ignore", under="ignore"):
            rounded = np.float32(number)
        if np.isfinite(rounded) or not np.isfinite(number):
            module, builder, _ = new_function(SHORT)
            builder.ret(ir.Constant(SHORT, number))
            assert np.float32(compiled(module, ctypes.c_float)()).tobytes() == rounded.tobytes()

    in_child(check)


@pytest.mark.parametrize("numbers", [[0.0] * 4, [-0.0] * 4, [1.5] * 4, [1.0, 2.0, -0.0, 4.0], None])
def test_vector_constants_are_exact_to_the_bit(numbers, in_child):
    def check():
        type_ = ir.VectorType(REAL, 4)
        module, builder, (pointer,) = new_function(ir.VoidType(), emit.POINTER)
        builder.store(ir.Constant(type_, numbers), pointer, align=8)
        builder.ret_void()
        result = np.full(4, np.nan)
        compiled(module, None, ctypes.c_void_p)(result.ctypes.data)
        assert result.tobytes() == np.array(numbers or [0.0] * 4).tobytes()

    in_child(check)


def test_shuffles_select_and_replace_lanes(in_child):
    def check():
        type_ = ir.VectorType(REAL, 4)
        module, builder, (pointer,) = new_function(ir.VoidType(), emit.POINTER)
        vector = builder.load(pointer, typ=type_, align=8)
        order = ir.Constant(ir.VectorType(ir.IntType(32), 4), [3, 0, 6, 1])
        chosen = builder.shuffle_vector(vector, builder.fneg(vector), order)
        last = builder.extract_element(chosen, ir.Constant(ir.IntType(32), 2))
        chosen = builder.insert_element(chosen, last, ir.Constant(ir.IntType(32), 0))
        bit = builder.fcmp_ordered(">", chosen, ir.Splat(type_, 1.5))
        chosen = builder.select(builder.not_(bit), chosen, builder.fadd(chosen, chosen))
        builder.store(chosen, pointer, align=8)
        builder.ret_void()
        numbers = np.array([1.0, 2.0, 3.0, 4.0])
        compiled(module, None, ctypes.c_void_p)(numbers.ctypes.data)
        np.testing.assert_array_equal(numbers, [-3.0, 1.0, -3.0, 4.0])

    in_child(check)


def test_branches_and_loops_carry_values(in_child):
    """Sum the odd numbers below n, twice the others."""

    def check():
        module, builder, (n,) = new_function(WORD, WORD)
        with emit.loop_with_carried_values(builder, word(0), n, [word(0)], "i") as (
            i,
            (total,),
            following,
        ):
            odd = builder.icmp_unsigned("==", builder.urem(i, word(2)), word(1))
            with builder.goto_entry_block():
                slot = builder.alloca(WORD)
            with builder.if_else(odd) as (yes, no):
                with yes:
                    builder.store(i, slot)
                with no:
                    builder.store(builder.shl(i, word(1)), slot)
            with builder.if_then(builder.icmp_signed("<", i, word(0)), likely=False):
                builder.store(word(-1000), slot)
            following.append(builder.add(total, builder.load(slot, typ=WORD)))
        builder.ret(total)
        call = compiled(module, ctypes.c_int64, ctypes.c_int64)
        for count in (0, 1, 10):
            assert call(count) == sum(k if k % 2 else 2 * k for k in range(count))

    in_child(check)


@pytest.mark.parametrize("ordering", ["monotonic", "release"])
def test_atomic_stores_are_read_by_atomic_loads(ordering, in_child):
    def check():
        module, builder, (pointer,) = new_function(WORD, emit.POINTER)
        builder.store_atomic(word(7), pointer, ordering, 8)
        old = builder.atomic_rmw("add", pointer, word(1), "acq_rel")
        new = builder.load_atomic(pointer, "acquire", 8, typ=WORD)
        builder.ret(builder.mul(old, new))
        memory = ctypes.c_int64(0)
        call = compiled(module, ctypes.c_int64, ctypes.c_void_p)
        assert call(ctypes.addressof(memory)) == 7 * 8
        assert memory.value == 8

    in_child(check)


def test_a_block_computes_each_value_once():
    module, builder, (a, b) = new_function(WORD, WORD, WORD)
    assert builder.add(a, b) is builder.add(a, b)
    assert builder.add(a, b) is not builder.sub(a, b)
    assert builder.icmp_signed("<", a, b) is not builder.icmp_unsigned("<", a, b)
    before = builder.add(a, b)
    builder.branch(following := builder.append_basic_block())
    builder.position_at_end(following)
    assert builder.add(a, b) is not before
    builder.ret(builder.add(a, b))
    compile_module(str(module), host_target())


def test_code_at_the_start_of_a_block_reuses_no_later_value():
    module, builder, (a, b) = new_function(WORD, WORD, WORD)
    total = builder.add(a, b)
    builder.ret(total)
    early = ir.IRBuilder(builder.block)
    early.position_at_start(builder.block)
    assert early.add(a, b) is not total
    compile_module(str(module), host_target())


def test_identities_and_constants_are_folded():
    _, builder, (pointer, n) = new_function(WORD, emit.POINTER, WORD)
    assert builder.gep(pointer, [word(0)], source_etype=REAL) is pointer
    assert builder.add(n, word(0)) is n
    assert builder.mul(word(1), n) is n
    assert builder.mul(word(6), word(7)).constant == 42
    assert builder.zext(n, WORD) is n
    assert not builder.block.lines


def test_a_vector_of_indices_gives_a_vector_of_addresses(in_child):
    def check():
        module, builder, (pointer,) = new_function(WORD, emit.POINTER)
        indices = ir.Constant(ir.VectorType(WORD, 2), [0, 3])
        addresses = builder.gep(pointer, [indices], source_etype=REAL)
        assert addresses.type == ir.VectorType(emit.POINTER, 2)
        last = builder.extract_element(addresses, ir.Constant(ir.IntType(32), 1))
        builder.ret(builder.sub(builder.ptrtoint(last, WORD), builder.ptrtoint(pointer, WORD)))
        assert compiled(module, ctypes.c_int64, ctypes.c_void_p)(4096) == 24

    in_child(check)


def test_names_are_made_valid_identifiers():
    module, builder, (a, _) = new_function(WORD, WORD, emit.POINTER)
    builder.comment("a comment: %name")
    builder.ret(builder.load(builder.function.args[1], typ=WORD, name="samples X; größe"))
    llvm.parse_assembly(str(module)).verify()
    assert a.name != builder.function.args[1].name

import pytest

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.object_code import compile_module, load_object
from chainrule.compiler.backends.llvm.target import host_target, units_of
from chainrule.errors import ArgumentError, GraphError
from tests.compiler.programs.vector_units import UNITS


def module_that_adds_one():
    module = ir.Module()
    signature = ir.FunctionType(ir.VoidType(), [emit.POINTER])
    function = ir.Function(module, signature, "add_one")
    builder = ir.IRBuilder(function.append_basic_block())
    number = builder.load(function.args[0], typ=emit.INDEX)
    builder.store(builder.add(number, emit.index(1)), function.args[0])
    builder.ret_void()
    return str(module)


def test_an_invalid_module_is_refused_by_the_verifier():
    with pytest.raises(GraphError, match="not well-formed"):
        compile_module("define void @f() { ret i32 1 }", host_target())
    with pytest.raises(GraphError, match="not well-formed"):
        # Parses, but a value does not dominate its use: only the verifier notices.
        compile_module(
            "define i64 @f(i1 %c) {\nbr i1 %c, label %a, label %b\na:\n%x = add i64 1, 1\n"
            "br label %b\nb:\nret i64 %x\n}",
            host_target(),
        )


def test_an_undefined_symbol_is_refused_when_loading(in_child):
    def check():
        text = (
            "declare void @no_such_function()\n"
            "define void @f() {\ncall void @no_such_function()\nret void\n}"
        )
        code = compile_module(text, host_target())
        with pytest.raises(GraphError, match="cannot be loaded"):
            load_object(code, ("f",))

    in_child(check)


def test_a_vector_unit_the_processor_lacks_is_refused():
    with pytest.raises(ArgumentError, match=r"no vector unit 'abacus'; it has .*portable"):
        host_target("abacus")


@pytest.mark.parametrize("unit", UNITS)
def test_the_environment_selects_the_vector_unit(monkeypatch, unit):
    monkeypatch.setenv("CHAINRULE_VECTORS", unit)
    assert host_target() is host_target(unit)
    monkeypatch.delenv("CHAINRULE_VECTORS")
    assert host_target().vector_bytes == host_target(UNITS[0]).vector_bytes


@pytest.mark.parametrize(
    ("triple", "features", "names"),
    [
        ("x86_64-unknown-linux-gnu", ["avx2", "avx512f"], ["avx512f", "avx2", "portable"]),
        ("x86_64-unknown-linux-gnu", ["sse4.2"], ["portable"]),
        ("aarch64-unknown-linux-gnu", ["neon", "sve"], ["neon", "portable"]),
        ("arm64-apple-darwin23.0.0", [], ["neon", "portable"]),
    ],
)
def test_vector_units_are_those_of_the_processor(triple, features, names):
    assert [unit.name for unit in units_of(triple, features)] == names


def test_vector_widths_follow_the_register_size():
    target = host_target("portable")
    assert target.width("float32") == 2 * target.width("float64") == 4
    assert host_target() is host_target()


def test_unloaded_code_releases_its_memory(in_child):
    def check():
        import gc
        import resource

        code = compile_module(module_that_adds_one(), host_target())

        def load_many(count):
            for _ in range(count):
                load_object(code, ("add_one",)).address("add_one")
            gc.collect()
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        before = load_many(200)
        assert load_many(1000) - before < 8000  # kilobytes: 1000 mapped pages would be far more

    in_child(check)

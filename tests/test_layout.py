"""Architecture tests: names, sizes, imports and contents of files.

Imports between packages are checked by import-linter (pyproject.toml); these are the rules that
it cannot express.
"""

import ast
import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "chainrule"
FILES = sorted(PACKAGE.rglob("*.py"))

LONGEST_FILE = 400
LONGEST_FUNCTION = 60

FRAMEWORKS = {"torch", "tensorflow", "jax", "jaxlib", "keras", "flax", "mxnet", "tinygrad"}
RARELY_USED = {
    "chainrule.autodiff.control_flow.cond_primitive",
    "chainrule.autodiff.control_flow.scan_primitive",
    "chainrule.autodiff.control_flow.while_loop_primitive",
    "chainrule.autodiff.passes.batching", "chainrule.autodiff.passes.forward",
    "chainrule.autodiff.point",
    "chainrule.compiler.graph_passes.prune_loops", "chainrule.data.csv_file.reader",
    "chainrule.data.formats.date_inference", "chainrule.data.formats.number_inference",
    "chainrule.data.image_folder", "chainrule.ops.numpy_api.linear_algebra",
    "chainrule.ops.scipy_api.bessel_tables", "chainrule.ops.scipy_api.gamma",
    "chainrule.ops.scipy_api.special",
}  # fmt: skip
LATE = {
    "click", "joblib", "llvmlite", "matplotlib", "networkx", "onnx", "pandas", "rich",
    "safetensors", "scipy", "sklearn", "tensorboard",
}  # fmt: skip

# Packages that depend on NumPy only, and the one package that may import each of these libraries.
NUMPY_ONLY = {
    "arguments", "errors", "tree", "graph", "ops", "numpy_protocol", "autodiff", "nn", "optim",
    "solvers",
}  # fmt: skip
ONLY_PACKAGE = {"llvmlite": "chainrule.compiler", "click": "chainrule.cli"}

# Every folder of the package; those in parentheses are to come.
PLAN = """
arguments arguments/foreign_names autodiff autodiff/analysis autodiff/passes
autodiff/control_flow ops/primitives/linear_algebra cli cli/csv_table cli/inspection
data data/csv_file
datasets insight insight/debugger insight/mistakes insight/pages insight/plots insight/plots/lessons
insight/explanation insight/flow
insight/displays insight/lab insight/lab/catalogue insight/notation
insight/notation/identities insight/notation/layouts insight/report
losses metrics testing export export/numpy_source solvers interop/weights
interop interop/estimators interop/optuna interop/tensorboard
interop/onnx interop/onnx/reading interop/onnx/reading/operators
interop/onnx/writing interop/onnx/writing/rules
science science/optimize science/optimize/minimizers science/optimize/global_search
science/optimize/roots science/optimize/fits science/optimize/extremum_search
science/integrate science/ndimage science/images
storage graph graph/protocol_gaps
data/formats data/features data/image_folder
ops ops/primitives ops/numpy_api ops/scipy_api ops/counter_based_random
compiler compiler/graph_passes compiler/loop_ir compiler/lowering compiler/analysis
compiler/loop_passes compiler/verify compiler/cache compiler/runtime compiler/backends
compiler/backends/llvm compiler/backends/llvm/ir compiler/backends/llvm/nest
compiler/backends/llvm/contraction compiler/backends/llvm/spmd compiler/backends/llvm/vector_math
nn nn/layers nn/activations nn/losses nn/initializers
optim optim/schedules
train train/model train/inputs train/checks train/fit train/inference train/metrics train/files
train/files/programs
train/callbacks train/progress train/rbm train/fit/minimizers train/sweep
"""

# Methods of a higher layer, and solvers: imported when called (pyproject.toml).
UPWARD = {
    "chainrule.graph.graph": {"chainrule.insight.flow.diagram"},
    "chainrule": {"chainrule.insight.displays.choice"},
    "chainrule.cli.convert": {"chainrule.interop.onnx"},  # which needs the package onnx
    "chainrule.nn.layers.ode": {
        f"chainrule.solvers.{x}" for x in ("adjoint", "fixed_steps", "initial_value")
    },
    "chainrule.train.exportable": {
        "chainrule.export.numpy_source",
        "chainrule.interop.onnx.writing.export",
    },
    "chainrule.train.inspectable": {
        f"chainrule.insight.{name}"
        for name in (
            "debugger.network",
            "explanation.network",
            "flow.network_diagram",
            "learning_rate",
            "program",
            "report.report",
        )
    },
    "chainrule.train.history": {"chainrule.insight"},
    "chainrule.train.sweep.result": {"chainrule.insight.plots.sweep"},
    "chainrule.science.optimize.fits.fit_result": {"chainrule.insight"},
}


def relative(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


@dataclass(frozen=True)
class Facts:
    """What the laws read of the syntax of a file, which itself is large."""

    imports: frozenset[str]
    late_imports: frozenset[str]
    lines_of_functions: tuple[tuple[str, int], ...]
    public_definitions: frozenset[str]
    statements: int


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def facts_of(path: Path) -> Facts:
    """Parse a file once and walk its syntax once."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    imports: set[str] = set()
    late: set[str] = set()
    lines: list[tuple[str, int]] = []
    todo: list[tuple[ast.AST, bool]] = [(tree, False)]
    while todo:
        node, is_late = todo.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = imports_of(node)
            imports |= names
            late |= names if is_late else set()
        elif isinstance(node, FUNCTIONS):
            lines.append((node.name, code_lines(node)))
            is_late = True
        if not isinstance(node, ast.expr):  # statements are not in expressions
            todo += [(child, is_late) for child in ast.iter_child_nodes(node)]
    names = {each.name for each in tree.body if isinstance(each, (*FUNCTIONS, ast.ClassDef))}
    public = frozenset(name for name in names if not name.startswith("_"))
    return Facts(frozenset(imports), frozenset(late), tuple(lines), public, len(tree.body))


def imports_of(statement: ast.Import | ast.ImportFrom) -> set[str]:
    """Give the dotted name of every module that an import statement names."""
    if isinstance(statement, ast.Import):
        return {alias.name for alias in statement.names}
    assert statement.level == 0, "imports are absolute"
    return {statement.module or ""}


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Give the number of lines of a function after its docstring."""
    documented = ast.get_docstring(function) is not None
    first = function.body[0].end_lineno if documented else function.lineno
    return (function.end_lineno or 0) - (first or 0)


def packages_of(path: Path) -> set[str]:
    """Give the top-level packages that a file imports."""
    return {name.split(".")[0] for name in facts_of(path).imports}


def faults(paths: Iterable[Path], find: Callable[[Path], Collection[str]]) -> dict[str, list[str]]:
    """Give, for each file that breaks a law, what breaks it."""
    found = {relative(path): sorted(find(path)) for path in paths}
    return {name: wrong for name, wrong in found.items() if wrong}


def tracked_files() -> list[Path]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs the project's git checkout to know which files belong to it")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


# -------------------------------------------------------------------------------------- names


def public_files() -> list[Path]:
    return [path for path in FILES if path.name != "__main__.py" and facts_of(path).statements > 1]


def test_every_name_a_module_exports_is_there_and_listed_once() -> None:
    def wrong(path: Path) -> list[str]:
        module = importlib.import_module(module_of(path))
        names = list(module.__all__)
        return [x for x in names if not hasattr(module, x) or names.count(x) > 1]

    assert faults(public_files(), wrong) == {}


def test_a_public_definition_is_exported_and_a_private_one_is_not() -> None:
    def wrong(path: Path) -> list[str]:
        exported = set(importlib.import_module(module_of(path)).__all__)
        private = {name for name in exported if re.match(r"_[^_]", name)}
        return sorted(facts_of(path).public_definitions - exported | private)

    assert faults(public_files(), wrong) == {}


def test_no_module_is_named_after_a_standard_module_or_a_builtin() -> None:
    names = {path.stem for path in PACKAGE.glob("[a-z]*.py")}
    names |= {path.parent.name for path in PACKAGE.rglob("__init__.py")}
    assert sorted(names & (sys.stdlib_module_names | {"compile"})) == []


def test_every_folder_is_a_package_that_import_linter_sees() -> None:
    folders = {path.parent for path in FILES}
    assert [relative(each) for each in folders if not (each / "__init__.py").is_file()] == []


def test_every_folder_is_on_the_plan() -> None:
    folders = {path.parent.relative_to(PACKAGE).as_posix() for path in FILES} - {"."}
    planned = PLAN.split()
    assert sorted(folders - {each.strip("()") for each in planned}) == []
    assert sorted({each for each in planned if each[0] != "("} - folders) == []


def test_a_folder_of_tests_is_a_folder_of_the_package() -> None:
    folders = {path.parent.relative_to(ROOT / "tests") for path in ROOT.glob("tests/**/test_*.py")}
    strange = {each for each in folders if not (PACKAGE / each).is_dir()}
    assert sorted(map(str, strange)) == ["benchmarks", "contracts", "tutorials"]


def test_no_file_has_a_name_that_says_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert [relative(path) for path in FILES if path.stem in vague] == []


# -------------------------------------------------------------------------------------- sizes


def test_a_file_is_short_enough_to_be_read_at_once() -> None:
    lengths = {relative(each): len(each.read_text("utf-8").splitlines()) for each in FILES}
    assert {name: count for name, count in lengths.items() if count >= LONGEST_FILE} == {}


def test_the_code_of_a_function_fits_on_a_screen() -> None:
    def wrong(path: Path) -> list[str]:
        sizes = facts_of(path).lines_of_functions
        return [name for name, lines in sizes if lines >= LONGEST_FUNCTION]

    assert faults(FILES, wrong) == {}


# ------------------------------------------------------------------------------------ dependencies


def test_no_deep_learning_framework_is_imported_anywhere() -> None:
    assert faults(FILES, lambda path: packages_of(path) & FRAMEWORKS) == {}


def test_imports_between_packages_are_at_the_top_of_modules() -> None:
    def hidden(path: Path) -> set[str]:
        # Within a package, late imports may shorten start-up.
        package = module_of(path).split(".")[:2]
        names = facts_of(path).late_imports
        found = {x for x in names if x.split(".")[0] == "chainrule" and x.split(".")[:2] != package}
        return found - UPWARD.get(module_of(path), set())

    assert faults(FILES, hidden) == {}


def test_a_room_imports_late_what_type_checkers_read() -> None:
    def wrong(path: Path) -> set[str]:
        module = importlib.import_module(module_of(path))
        late: dict[str, str] = getattr(module, "_LATE", {})
        tables = {f"{module_of(path)}.{each}": set(names.split()) for each, names in late.items()}
        read = {
            each.module: {alias.asname or alias.name for alias in each.names}
            for block in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(block, ast.If) and late
            for each in block.body
            if isinstance(each, ast.ImportFrom)
        }
        return {
            f"{source}.{name}"
            for source in tables.keys() | read
            for name in tables.get(source, set()) ^ read.get(source, set())
            if not isinstance(getattr(module, name), type(sys))  # a room found by its own name
        }

    assert faults([path for path in FILES if path.name == "__init__.py"], wrong) == {}


def test_mathematical_packages_depend_on_numpy_only() -> None:
    allowed = sys.stdlib_module_names | {"numpy", "chainrule"}
    mathematical = [each for each in FILES if [*module_of(each).split("."), ""][1] in NUMPY_ONLY]
    assert faults(mathematical, lambda path: packages_of(path) - allowed) == {}


def test_a_library_with_one_purpose_is_imported_by_one_package() -> None:
    def strange(path: Path) -> list[str]:
        packages = [(name, ONLY_PACKAGE.get(name, "")) for name in packages_of(path)]
        return [name for name, package in packages if not module_of(path).startswith(package)]

    assert faults(FILES, strange) == {}


def test_importing_chainrule_imports_nothing_heavy_but_numpy() -> None:
    program = "import chainrule, json, sys; print(json.dumps(sorted(sys.modules)))"
    child = subprocess.run(
        [sys.executable, "-c", program], cwd=SOURCE, capture_output=True, check=True, text=True
    )
    modules = set(json.loads(child.stdout))
    assert {name.split(".")[0] for name in modules} & (LATE | FRAMEWORKS) == set()
    assert modules & RARELY_USED == set()


# ------------------------------------------------------------------------------- contents of files


def test_requirement_files_pin_every_package_and_name_no_index() -> None:
    pin = re.compile(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*|-r [a-z]+\.txt|#.*|")
    files = sorted((ROOT / "requirements").glob("*.txt"))
    assert files
    for path in files:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if not pin.fullmatch(line)] == [], path.name


def test_no_tracked_file_names_a_machine_or_a_package_index() -> None:
    folders = "|".join(["root", "work", "home/[a-z]+", "Users/[a-z]+"])
    hosts = "|".join(["pypi" + r"\.org", "python" + r"hosted\.org", "download" + r"\.pytorch"])
    options = "|".join(["--index" + "-url", "--extra-index" + "-url", "--find" + "-links"])
    leaked = re.compile(rf"(?<![\w./:])/(?:{folders})/|{hosts}|{options}")
    found = {}
    for path in tracked_files():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        if match := leaked.search(text):
            found[str(path.relative_to(ROOT))] = match.group()
    assert found == {}

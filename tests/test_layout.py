"""The laws of the house, checked by a machine: names, sizes, imports and what files may say.

Which room may import which is import-linter's to check (pyproject.toml); here stand the laws that
it cannot express.
"""

import ast
import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
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
LATE = {"click", "llvmlite", "matplotlib", "networkx", "pandas", "rich", "safetensors", "scipy"}
LATE |= {"sklearn", "tensorboard"}

# Rooms that are mathematics only, and the one room each of these libraries may enter.
NUMPY_ONLY = {"errors", "tree", "graph", "ops", "numpy_protocol", "autodiff", "nn", "optim"}
ONLY_ROOM = {"llvmlite": "chainrule.compiler", "click": "chainrule.cli"}

# Methods that belong to a higher room: two-line bodies, imported when called (pyproject.toml).
UPWARD = {
    "chainrule.train.network": {"chainrule.insight.program"},
    "chainrule.train.history": {"chainrule.insight"},
}


def relative(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


@cache
def syntax_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports_of(tree: ast.AST) -> Iterator[str]:
    """Give the dotted name of every module that an import statement in `tree` names."""
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            assert statement.level == 0, "imports are absolute"
            yield statement.module or ""


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for statement in ast.walk(tree):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement


def says_more_than_its_docstring(path: Path) -> bool:
    return len(syntax_of(path).body) > 1


def public_definitions(tree: ast.Module) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    names = {each.name for each in tree.body if isinstance(each, kinds)}
    return {name for name in names if not name.startswith("_")}


def tracked_files() -> list[Path]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs the project's git checkout to know which files belong to it")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


# -------------------------------------------------------------------------------------- names

PUBLIC = [
    path for path in FILES if path.name != "__main__.py" and says_more_than_its_docstring(path)
]


@pytest.mark.parametrize("path", PUBLIC, ids=relative)
def test_every_name_a_module_exports_is_there_and_listed_once(path: Path) -> None:
    module = importlib.import_module(module_of(path))
    exported = list(module.__all__)
    assert len(exported) == len(set(exported))
    assert [name for name in exported if not hasattr(module, name)] == []


@pytest.mark.parametrize("path", PUBLIC, ids=relative)
def test_a_public_definition_is_exported_and_a_private_one_is_not(path: Path) -> None:
    exported = set(importlib.import_module(module_of(path)).__all__)
    assert sorted(public_definitions(syntax_of(path)) - exported) == []
    assert sorted(name for name in exported if re.match(r"_[^_]", name)) == []


def test_no_room_is_named_after_a_standard_module_or_a_builtin() -> None:
    rooms = {path.stem for path in PACKAGE.glob("[a-z]*.py")}
    rooms |= {path.parent.name for path in PACKAGE.rglob("__init__.py")}
    assert sorted(rooms & (sys.stdlib_module_names | {"compile"})) == []


def test_every_folder_is_a_package_that_import_linter_sees() -> None:
    folders = {path.parent for path in FILES}
    assert [relative(each) for each in folders if not (each / "__init__.py").is_file()] == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert [relative(path) for path in FILES if path.stem in vague] == []


# -------------------------------------------------------------------------------------- sizes


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_a_file_is_short_enough_to_be_read_at_once(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < LONGEST_FILE


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_the_code_of_a_function_fits_on_a_screen(path: Path) -> None:
    def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        documented = ast.get_docstring(function) is not None
        first = function.body[0].end_lineno if documented else function.lineno
        return (function.end_lineno or 0) - (first or 0)

    long = {each.name: lines(each) for each in functions_of(syntax_of(path))}
    assert {name: count for name, count in long.items() if count >= LONGEST_FUNCTION} == {}


# ---------------------------------------------------------------------------- who imports whom


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_no_deep_learning_framework_is_imported_anywhere(path: Path) -> None:
    assert {name.split(".")[0] for name in imports_of(syntax_of(path))} & FRAMEWORKS == set()


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_imports_between_rooms_stand_on_top_where_they_are_seen(path: Path) -> None:
    room = module_of(path).split(".")[:2]  # within a room, a late import may spare start-up time
    hidden = {
        name
        for function in functions_of(syntax_of(path))
        for name in imports_of(function)
        if name.split(".")[0] == "chainrule" and name.split(".")[:2] != room
    }
    assert hidden <= UPWARD.get(module_of(path), set())


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_the_mathematical_rooms_depend_on_numpy_alone(path: Path) -> None:
    room = [*module_of(path).split("."), ""][1]
    allowed = sys.stdlib_module_names | {"numpy", "chainrule"}
    used = {name.split(".")[0] for name in imports_of(syntax_of(path))}
    assert room not in NUMPY_ONLY or used <= allowed


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_a_library_with_one_purpose_is_imported_in_one_room(path: Path) -> None:
    for name in imports_of(syntax_of(path)):
        room = ONLY_ROOM.get(name.split(".")[0], "")
        assert module_of(path).startswith(room), f"{name} belongs to {room}"


def test_importing_chainrule_imports_nothing_heavy_but_numpy() -> None:
    program = "import chainrule, json, sys; print(json.dumps(sorted(sys.modules)))"
    child = subprocess.run(
        [sys.executable, "-c", program], cwd=SOURCE, capture_output=True, check=True, text=True
    )
    loaded = {name.split(".")[0] for name in json.loads(child.stdout)}
    assert loaded & (LATE | FRAMEWORKS) == set()


# ------------------------------------------------------------------------------ what files say


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
    told = re.compile(rf"(?<![\w./:])/(?:{folders})/|{hosts}|{options}")
    found = {}
    for path in tracked_files():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        if match := told.search(text):
            found[str(path.relative_to(ROOT))] = match.group()
    assert found == {}

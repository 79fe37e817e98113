"""The README: its blocks run when pasted, its lists are current, its links lead somewhere."""

import ast
import code
import contextlib
import io
import os
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)
EXAMPLES = sorted((ROOT / "examples").glob("[0-9]*.py"))
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def title(path: Path) -> str:
    """Return the first line of a module's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0]


def documented(block: str) -> str:
    """Return what a block says that it prints: the lines after ``#>``."""
    return "\n".join(line[2:] for line in block.splitlines() if line.startswith("#>"))


@pytest.mark.slow
def test_the_blocks_print_what_they_say_when_they_are_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib").use("agg")
    monkeypatch.chdir(tmp_path)
    console = code.InteractiveConsole()  # as Python's prompt: a blank line ends a definition
    for block in BLOCKS:
        assert not re.search(r"^>>>", block, re.M)
        printed, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(errors):
            for line in block.splitlines():
                console.push(line)
            assert not console.push(""), "the block ends within a statement"
        assert not errors.getvalue()
        found, expected = printed.getvalue(), documented(block)
        assert NUMBER.sub("#", found).split() == NUMBER.sub("#", expected).split()
        numbers = [[float(number) for number in NUMBER.findall(each)] for each in (found, expected)]
        assert numbers[0] == pytest.approx(numbers[1], rel=0.03, abs=0.02)


def test_it_is_short_and_links_each_example_once() -> None:
    links = re.findall(r"\[(\d\d)\]\(examples/(\d\d_\w+\.py)\)", README)
    assert sorted(file for _, file in links) == [each.name for each in EXAMPLES]
    assert all(file.startswith(number) for number, file in links)
    assert len(README.splitlines()) < 200


def rows_of_examples(times: dict[str, str]) -> str:
    """Return the table of examples/README.md."""
    lines = ["| example | what it shows | data | time |", "| --- | --- | --- | ---: |"]
    for path in EXAMPLES:
        source = path.read_text(encoding="utf-8")
        data = ", ".join(sorted(set(re.findall(r"datasets\.(\w+)\(", source)))) or "–"
        data = data if "CHAINRULE_DATA" not in source or data != "–" else "a folder"
        row = (f"[{path.name[:2]}]({path.name})", title(path), data, times.get(path.name, "?"))
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def test_the_page_of_examples_has_a_row_of_each() -> None:
    page = ROOT / "examples" / "README.md"
    text = page.read_text(encoding="utf-8")
    times = dict(re.findall(r"\]\((\S+\.py)\).*\| ([^|]+) \|$", text, re.M))
    start = text.index("| example |")
    renewed = text[:start] + rows_of_examples(times) + "\n"
    if os.environ.get("CHAINRULE_UPDATE_GOLDEN"):
        page.write_text(renewed, encoding="utf-8")
    assert text == renewed, "run `make golden`, and review the page"
    assert set(times) == {path.name for path in EXAMPLES}
    assert all(re.fullmatch(r"\d+ (s|min)", each) for each in times.values()), times


def links_of(path: Path) -> set[Path]:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    local = {unquote(each.partition("#")[0]) for each in targets if "://" not in each}
    return {(path.parent / each).resolve() for each in local if each}


def test_every_page_is_reached_from_the_readme_by_links_that_exist() -> None:
    reached, waiting = set[Path](), {ROOT / "README.md"}
    while waiting:
        page = waiting.pop()
        reached.add(page)
        links = links_of(page)
        missing = {each for each in links if not each.exists()}
        assert not missing, (page, missing)
        waiting |= {each for each in links if each.suffix == ".md"} - reached
    pages = {each.resolve() for each in (ROOT / "docs").rglob("*.md")}
    assert pages <= reached, pages - reached

"""``chainrule explain``: equations on the terminal."""

from pathlib import Path

from click.testing import CliRunner

from chainrule.cli import commands


def printed(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(commands, ["explain", *arguments])
    return result.exit_code, result.output


def test_the_equations_of_a_recipe_are_printed_and_proved() -> None:
    code, output = printed("moons", "--samples", "5")
    assert code == 0
    assert "Network of 2 layers, proved on N = 5 samples" in output
    assert "∂L/∂W¹ = xᵀ δ²" in output


def test_a_table_is_explained_behind_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "flowers.csv"
    rows = [f"{i},{i % 3},{'ab'[i % 2]}" for i in range(40)]
    file.write_text("\n".join(["length,petals,kind", *rows]))
    code, output = printed(str(file), "--target", "kind")
    assert code == 0, output
    assert "(p − y)/N" in output


def test_the_equations_are_a_document_or_a_page_on_request() -> None:
    assert printed("xor", "--latex")[1].startswith(r"\documentclass")
    page = printed("xor", "--html")[1]
    assert page.startswith("<!DOCTYPE html>")
    assert 'charset="utf-8"' in page
    assert "<math" in page
    assert printed("xor", "--html", "--latex")[0] == 2


def test_what_has_no_gradient_is_refused() -> None:
    code, output = printed("rbm")
    assert code == 2
    assert "trained by sampling, not by a gradient" in output

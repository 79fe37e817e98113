"""``chainrule explain``: the equations of the network of a data set."""

from __future__ import annotations

from typing import Any

import click

from chainrule.cli.csv_table.option import TableOptions
from chainrule.cli.data_name import DataName, recipe_named
from chainrule.cli.json_output import json_option, on_standard_error, print_json
from chainrule.cli.rbm import NAME
from chainrule.data.columns import take_rows
from chainrule.insight.explanation.explanation import Section
from chainrule.insight.pages.markup import Markup
from chainrule.insight.report.page import document
from chainrule.train.network import Network

__all__ = ["explain"]


@click.command()
@click.argument("name", type=DataName(), metavar="NAME")
@click.option("--target", metavar="COLUMN", help="The column of a CSV file to predict.")
@click.option(
    "--samples",
    type=click.IntRange(1, 128),
    metavar="N",
    default=16,
    show_default=True,
    help="Samples that the equations are proved on.",
)
@click.option("--latex", is_flag=True, help="Print a LaTeX document.")
@click.option("--html", is_flag=True, help="Print a page of HTML.")
@json_option
def explain(
    name: str, target: str | None, samples: int, latex: bool, html: bool, is_json: bool
) -> None:
    """Print the equations of a network and of the gradient of its loss, before training.

    NAME is a data set, as of chainrule train, or a CSV file with --target COLUMN. Each equation is
    proved on samples: by NumPy, and gradients by differences.

    \b
      chainrule explain xor
      chainrule explain flowers.csv --target species --html > equations.html
    """  # noqa: D301 (\b keeps click from rewrapping the lines)
    if latex + html + is_json > 1:
        raise click.UsageError("--latex, --html and --json are formats; give one of them")
    if name == NAME:
        raise click.UsageError("a Boltzmann machine is trained by sampling, not by a gradient")
    with on_standard_error(latex or html or is_json):  # what is inferred of a file
        recipe = recipe_named(name, target, (), TableOptions() if target else None)
    training, _ = recipe.load()
    net = Network(recipe.layers(training))
    net.compile(loss=recipe.loss)
    rows = slice(min(samples, len(training[1])))
    explanation = net.explain(*(take_rows(part, rows) for part in training))
    if is_json:
        print_json({"title": explanation.title, "samples": explanation.samples, **{
            kind: [_section(each) for each in sections]
            for kind, sections in (
                ("forward", explanation.sections), ("gradients", explanation.gradients)
            )
        }})  # fmt: skip
    elif html:
        click.echo(document(f"Equations of {name}", Markup(explanation.html())), nl=False)
    else:
        click.echo(explanation.latex() if latex else explanation)


def _section(section: Section) -> dict[str, Any]:
    return {"title": section.title, "equations": [
        {
            "text": each.text(),
            "difference": each.certificate.difference_error if each.certificate else None,
        }
        for each in section.equations
    ]}  # fmt: skip

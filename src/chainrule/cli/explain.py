"""``chainrule explain``: the equations of the network of a data set."""

from __future__ import annotations

import click

from chainrule.cli.csv_table.option import TableOptions
from chainrule.cli.data_name import DataName, recipe_named
from chainrule.cli.rbm import NAME
from chainrule.data.columns import take_rows
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
def explain(name: str, target: str | None, samples: int, latex: bool, html: bool) -> None:
    """Print the equations of a network and of the gradient of its loss, before training.

    NAME is a data set, as of chainrule train, or a CSV file with --target COLUMN.
    """
    if latex and html:
        raise click.UsageError("--latex and --html are two formats; give one of them")
    if name == NAME:
        raise click.UsageError("a Boltzmann machine is trained by sampling, not by a gradient")
    recipe = recipe_named(name, target, (), TableOptions() if target else None)
    training, _ = recipe.load()
    net = Network(recipe.layers(training))
    net.compile(loss=recipe.loss)
    rows = slice(min(samples, len(training[1])))
    explanation = net.explain(*(take_rows(part, rows) for part in training))
    if html:
        click.echo(document(f"Equations of {name}", Markup(explanation.html())), nl=False)
    else:
        click.echo(explanation.latex() if latex else explanation)

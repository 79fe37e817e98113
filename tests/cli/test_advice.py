"""Advice of the library, in options of the command line."""

import re

import click
import pytest

from chainrule.cli.advice import OPTIONS, in_options
from chainrule.cli.train import train

ADVICE = {
    "leave it out with drop=['b c']": "leave it out with --drop 'b c'",
    'pass encoding="cp1252"': "pass --encoding cp1252",
    "pass missing=['', '?', 'x']": "pass --missing '?' --missing x",
    "pass missing=['', '[mm]', \"it's\"]": "pass --missing '[mm]' --missing 'it'\"'\"'s'",
    "name it in missing=[...]": "name it in --missing ...",
    "decimal=',' or decimal='.'": "--decimal , or --decimal .",
    "pass header=False": "pass --no-header",
    "names=['a', 'b c']": "--names 'a,b c'",
    'skip_rows=... or comment="#"': "--skip-rows ... or --comment '#'",
    "declare data.Category('x')": "declare --text x",
    "data.Date('d', format='%d/%m/%Y')": "--date d=%d/%m/%Y",
    "data.Date('d', format=...)": "--date d=...",
    "data.Number('x', decimal=...)": "--number x --decimal ...",
    "the mean=3 of x": "the mean=3 of x",
}


@pytest.mark.parametrize("message", ADVICE)
def test_arguments_become_options(message: str) -> None:
    assert in_options(message) == ADVICE[message]


def test_every_option_exists() -> None:
    assert isinstance(train, click.Command)
    there = {name for each in train.params for name in (*each.opts, *each.secondary_opts)}
    advised = {*OPTIONS.values(), *re.findall("--[a-z-]+", " ".join(ADVICE.values()))}
    assert advised <= there

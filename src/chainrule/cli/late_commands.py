"""A group of commands that are imported when they are used: ``--help`` imports none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field

import click
from click.shell_completion import CompletionItem

__all__ = ["Entry", "LateGroup", "late_commands"]


@dataclass(frozen=True)
class Entry:
    """A line on a command, and the function that imports it."""

    help: str
    load: Callable[[], click.Command]


@dataclass(frozen=True)
class _Commands(MutableMapping[str, click.Command]):
    """The commands by name, each imported when it is looked up."""

    entries: Mapping[str, Entry]
    loaded: dict[str, click.Command] = field(default_factory=dict[str, click.Command])

    def __getitem__(self, name: str) -> click.Command:
        if name not in self.loaded:
            self.loaded[name] = self.entries[name].load()
        return self.loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self.loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self.loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self.entries


class LateGroup(click.Group):
    """A group whose list of commands, and whose completion, imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they are used."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the lines on the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.help) for name, each in _entries(self).items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands, or options, that begin with what has been typed."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [
            CompletionItem(name, help=each.help)
            for name, each in _entries(self).items()
            if name.startswith(incomplete)
        ]


def late_commands(entries: Mapping[str, Entry]) -> MutableMapping[str, click.Command]:
    """Return a mapping for `LateGroup` that imports a command when it is looked up."""
    return _Commands(entries)


def _entries(group: LateGroup) -> Mapping[str, Entry]:
    assert isinstance(group.commands, _Commands), "they are those of late_commands"
    return group.commands.entries

"""``chainrule completion``: the script by which a shell completes commands, as click writes it."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="bash|zsh|fish")
def completion(shell: str) -> None:
    """Print the script that makes a shell complete commands, options and names by the tab key.

    Put one of these lines into the file that your shell reads when it starts:

    \b
      bash, ~/.bashrc:  eval "$(chainrule completion bash)"
      zsh, ~/.zshrc:    eval "$(chainrule completion zsh)"
      fish, ~/.config/fish/config.fish:  chainrule completion fish | source
    """  # noqa: D301 (\b keeps click from rewrapping the lines)
    found = get_completion_class(shell)
    assert found is not None, "click has all three"
    root = click.get_current_context().find_root()
    name = root.info_name or "chainrule"
    variable = f"_{name}_complete".upper()  # that click asks for when it is called as this name
    click.echo(found(root.command, {}, name, variable).source())

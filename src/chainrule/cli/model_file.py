"""The argument MODEL of commands: the file of a network, or the folder that a training wrote."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from chainrule.train.load import load
from chainrule.train.network import Network
from chainrule.train.rbm.rbm import RBM

__all__ = ["MODEL", "ModelFile", "load_network"]

MODEL = "model.safetensors"
"""The file that ``chainrule train --out DIR`` writes into its folder."""


class ModelFile(click.ParamType[Path]):
    """A model file; of a folder, the model in it, or its latest checkpoint."""

    name = "model"

    def __init__(self, takes_onnx: bool = False) -> None:
        self._takes_onnx = takes_onnx

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell complete files."""
        return [CompletionItem(incomplete, type="file")]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path of the file, or refuse what holds no model."""
        path = Path(value).expanduser()
        if not path.exists():
            self.fail(f"{str(value)!r}: there is no such file{_similar(path)}", param, ctx)
        if not path.is_dir():
            problem = self._problem(path)
            return self.fail(f"{str(value)!r} {problem}", param, ctx) if problem else path
        if (path / MODEL).is_file():
            return path / MODEL
        newest = max(path.glob("checkpoint-*.safetensors"), default=None)
        if newest is not None:
            return newest
        models = sorted(path.glob("*.safetensors"))
        if len(models) == 1:
            return models[0]
        found = f"it holds {', '.join(each.name for each in models[:5])}; name one of them"
        return self.fail(
            f"{str(value)!r} is a folder without {MODEL} and without checkpoints; "
            + (found if models else "chainrule train NAME --out DIR writes a model into DIR"),
            param,
            ctx,
        )

    def _problem(self, path: Path) -> str:
        """Return why a file is no model by its beginning, or an empty text."""
        with path.open("rb") as file:
            start = file.read(9)
        is_onnx = path.suffix.lower() == ".onnx"
        if start[8:] == b"{" or (is_onnx and self._takes_onnx):
            return ""
        if is_onnx:
            shown = shlex.quote(str(path.with_suffix(".safetensors")))
            return f"is an ONNX file; first: chainrule convert {shlex.quote(str(path))} {shown}"
        return (
            "is no model file, such as chainrule train --out DIR writes; MODEL comes first, then "
            f"the data (what it is: chainrule inspect {shlex.quote(str(path))})"
        )


def load_network(path: Path) -> Network:
    """Return the network of a file; a Boltzmann machine, which predicts nothing, is refused."""
    model = load(path)
    if isinstance(model, RBM):
        raise click.UsageError(
            f"{path} holds a Boltzmann machine, which gives features and no predictions: in "
            "Python, cr.load(path).transform(X)"
        )
    return model


def _similar(path: Path) -> str:
    """Return the model files in the folder of a path, if there are some."""
    folder = path.parent
    names = (
        sorted(each.name for each in folder.glob("*.safetensors"))[:3] if folder.is_dir() else []
    )
    return f"; {folder} has {', '.join(names)}" if names else ""

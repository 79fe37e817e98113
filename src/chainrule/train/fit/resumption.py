"""A checkpoint that a call of ``fit`` goes on from: found, compared with the call, and restored."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from chainrule.errors import ArgumentError, ChainruleError, FormatError
from chainrule.train.files.network_state import restore_state
from chainrule.train.files.run_folder import RunFolder, SavedRun
from chainrule.train.fit.callback_state import CallbackStates
from chainrule.train.fit.run_settings import RunSettings, check_settings
from chainrule.train.history import History
from chainrule.train.model.model import Model
from chainrule.train.model.step_counter import StepCounter

__all__ = ["Checkpoints", "Position", "Resumption"]


class Position(Protocol):
    """Where a training is, as the epoch loop knows it."""

    history: History
    runs_epochs: bool

    @property
    def model(self) -> Model:
        """The model that is trained."""
        ...

    @property
    def counter(self) -> StepCounter:
        """The epochs and steps done."""
        ...

    @property
    def seconds(self) -> float:
        """How long the present epoch has taken."""
        ...

    def unfinished(self) -> dict[str, Any] | None:
        """Publish the position, and return the metrics of an epoch that is not finished."""
        ...

    def take_up(self, unfinished: dict[str, Any] | None, seconds: float) -> None:
        """Go on from the live parameters, and within an epoch that is not finished."""
        ...


class Checkpoints(Protocol):
    """What the epoch loop tells of its position; a replay of a run listens too."""

    def opened(self) -> AbstractContextManager[None]:
        """Return a context in which the training takes place."""
        ...

    def take_up(self, net: Any, model: Model, settings: RunSettings) -> StepCounter | None:
        """Restore a checkpoint, if there is one; return its counter within an epoch."""
        ...

    @property
    def resumed(self) -> Resumption | None:
        """What the training goes on from; None if it begins."""
        ...

    @property
    def monitor(self) -> Any:
        """What monitors a quantity at the end of each epoch; None for nothing."""
        ...

    def begin(self, loop: Position) -> None:
        """Note that training begins, after callbacks were told so."""
        ...

    def hold(self) -> None:
        """Note that an epoch begins or ends: the position is unknown meanwhile."""
        ...

    def before_steps(self) -> None:
        """Note that steps follow: the position is unknown until `after_steps`."""
        ...

    def steps_left(self) -> int | None:
        """Return how many steps the next native call may make at most; None for any number."""
        ...

    def after_steps(self) -> None:
        """Note that some steps are done."""
        ...

    def end_epoch(self, loop: Position, logs: Mapping[str, float], is_stopped: bool) -> None:
        """Note that an epoch has ended, and whether a callback stops the training."""
        ...

    def save(self, loop: Position) -> None:
        """Note that the training has ended."""
        ...

    def save_on_interrupt(self, loop: Position) -> None:
        """Note that a signal ends the training."""
        ...

    def close(self) -> None:
        """Note that the training is over, whatever has ended it."""
        ...


class Resumption:
    """The newest checkpoint of at most `limit` steps, restored into a network."""

    def __init__(self, saved: SavedRun) -> None:
        self.saved, self.run = saved, saved.run
        self.start: tuple[int, int] = tuple(saved.run["start"])
        self.is_stopped = bool(saved.run["is_stopped"])

    @staticmethod
    def found(
        folder: RunFolder, settings: RunSettings, limit: int | None = None
    ) -> Resumption | None:
        """Return what a folder has, once it is found to be of a run with these settings."""
        saved = folder.newest(limit)
        if saved is None:
            return None
        with _read(saved):
            check_settings(saved, settings)
            return Resumption(saved)

    def check_position(self, counter: StepCounter, folder: RunFolder) -> None:
        """Refuse a run that began elsewhere than a call of ``fit`` does."""
        position, state = (counter.epoch, counter.steps), self.saved.state
        with _read(self.saved):
            here = state.epoch, state.steps
        if position != self.start and (position != here or self.is_stopped):
            raise ArgumentError(
                f"fit: the run in {folder.path} began after {self.start[0]} epochs of training, "
                f"and this call of fit begins after {position[0]}; give each call of fit a folder "
                "of its own"
            )

    def restore(self, net: Any, model: Model) -> StepCounter | None:
        """Restore the network; return its counter if it is within an epoch."""
        with _read(self.saved):
            net.history = restore_state(model, self.saved.state, "fit")
        return model.counter.copy() if model.counter.step else None

    def begin(self, loop: Position, callbacks: CallbackStates) -> None:
        """Restore metrics and callbacks, which have been told that training begins."""
        with _read(self.saved):
            unfinished, states = self.saved.decoded()
        # They may have changed the network then, as they did the first time.
        restore_state(loop.model, self.saved.state, "fit")
        loop.take_up(unfinished, self.run["seconds"])
        callbacks.restore(states)


@contextmanager
def _read(saved: SavedRun) -> Generator[None]:
    """Raise a FormatError for content that has other types than what `save` writes."""
    try:
        yield
    except (ChainruleError, OSError, MemoryError):
        raise
    except Exception as error:
        raise FormatError(f"fit: the checkpoint {saved.path} describes no training") from error

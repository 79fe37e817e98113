"""TensorBoard: event files of training, written without it."""

from chainrule.interop.tensorboard.callback import TensorBoard

__all__ = ["TensorBoard"]

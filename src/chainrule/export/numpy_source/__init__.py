"""A network as a stand-alone predictor in NumPy: readable source text, without this library."""

from chainrule.export.numpy_source.predictor import write_predictor

__all__ = ["write_predictor"]

"""Programs in files: layers and functions of one's own as data, for batches of any size."""

from chainrule.train.files.programs.description import NotDescribable, Traced, describe_program
from chainrule.train.files.programs.layer_description import describe_layer
from chainrule.train.files.programs.program import Program, with_constants_renamed
from chainrule.train.files.programs.stored_function import StoredFunction, describe_function
from chainrule.train.files.programs.stored_layer import StoredLayer

__all__ = [
    "NotDescribable",
    "Program",
    "StoredFunction",
    "StoredLayer",
    "Traced",
    "describe_function",
    "describe_layer",
    "describe_program",
    "with_constants_renamed",
]

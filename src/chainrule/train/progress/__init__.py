"""Progress output of ``fit``: a bar on a terminal, live curves in a notebook, else lines of epochs.

`choose_display` chooses a display for ``fit(verbose=...)``; a shown one writes to a surface.
"""

from chainrule.train.progress.choice import Progress, choose_display
from chainrule.train.progress.columns import format_numbers
from chainrule.train.progress.display import Display

__all__ = ["Display", "Progress", "choose_display", "format_numbers"]

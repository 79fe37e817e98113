"""Figures: of pyplot where it is in use, and shown once by notebooks."""

import subprocess
import sys

PYPLOT = """
import warnings; warnings.simplefilter("error")
import matplotlib; matplotlib.use("agg")
import matplotlib.pyplot as plt, tempfile, os, threading
from chainrule.insight import plot
run = {"loss": [1.0, 0.5]}
plt.rcParams["figure.max_open_warning"] = 2
before = dict(matplotlib.rcParams)
figure = plot.history(run)
assert plt.gcf() is figure, "pyplot has the figure"
plt.title("of pyplot"); assert figure.axes[0].get_title() == "of pyplot"
plt.close("all")
mine = plt.figure(figsize=(3, 2))
assert plot.history(run) is mine and mine.axes, "an empty figure is drawn on"
assert plot.history(run) is not mine, "a figure with axes is not"
plt.close("all")
with tempfile.TemporaryDirectory() as folder:
    for each in range(4):  # pyplot would warn of the third
        plot.history(run, os.path.join(folder, "loss.png"))
assert not plt.get_fignums(), "a figure for a file is not retained"
left, right = plt.subplots(1, 2)[1]
assert plot.history(run, axes=right) is plt.gcf() and plt.get_fignums() == [1]
plt.close("all")
thread = threading.Thread(target=plot.history, args=(run,)); thread.start(); thread.join()
assert not plt.get_fignums(), "no window opens in a thread"
assert dict(matplotlib.rcParams) == before
"""

NOTEBOOK = """
import sys, types
sys.modules["IPython"] = types.ModuleType("IPython")  # all that marks a notebook
sys.modules["IPython"].version_info = (9, 0)
sys.modules["IPython"].get_ipython = lambda: None
from chainrule.insight import plot
figure = plot.history({"loss": [1.0, 0.5]})
assert figure._repr_png_().startswith(b"\\x89PNG"), "shown without pyplot"
import matplotlib; matplotlib.use("agg")
import matplotlib.pyplot as plt
for backend, left in (("module://matplotlib_inline.backend_inline", []), ("agg", [1])):
    plt.get_backend = lambda: backend
    figure = plot.history({"loss": [1.0, 0.5]})
    try:
        figure._ipython_display_()
    except NotImplementedError:  # to IPython: "show it by another method"
        pass
    assert plt.get_fignums() == left, backend
"""


def test_a_figure_is_one_of_pyplot_where_pyplot_is_in_use() -> None:
    subprocess.run([sys.executable, "-c", PYPLOT], check=True, timeout=600)


def test_a_notebook_shows_a_figure_once() -> None:
    subprocess.run([sys.executable, "-c", NOTEBOOK], check=True, timeout=600)


def test_titles_that_are_set_later_stand_above_the_legend() -> None:
    from matplotlib.figure import Figure

    from chainrule.insight import plot

    for several in (False, True):
        axes = Figure(layout="constrained").subplots(1, 2)[0] if several else None
        figure = plot.points([[0.0, 1.0], [1.0, 2.0]], ["a", "b"], axes=axes)
        axes = figure.axes[0]
        axes.set_title("of my own")
        figure.draw_without_rendering()
        legend = axes.get_legend()
        assert legend is not None
        assert axes.title.get_window_extent().y0 >= legend.get_window_extent().y1 - 1

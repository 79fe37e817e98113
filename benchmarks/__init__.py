"""Speed of chainrule against named rivals, side by side in one run.

``python -m benchmarks.run`` trains the same networks, from the same weights, on the same data with
every contestant, in turns, and prints who took how long for one training step.

Reading order: ``workload.py`` (what is trained), ``workloads/`` (one file each),
``contestant.py`` (what a rival must offer), ``rivals/`` (one file each), ``worker.py`` (each rival
in a process of its own), ``measure.py`` (turns, medians, ratios, the check that all did the same
work), ``report.py`` and ``chart.py``.

A new workload is one file in ``workloads/`` and one line in its ``__init__``; a new rival is one
file in ``rivals/`` and one line in its ``__init__``.
"""

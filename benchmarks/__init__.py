"""Speed, size and memory of chainrule against named rivals, side by side in one run.

``python -m benchmarks`` lets every contestant do the same work in turns, each in a process of its
own, and prints who needed how much of what.

Reading order: ``benchmark.py`` (what is measured), ``workload.py`` (what is trained),
``training.py`` (how a step is timed), ``workloads/`` (one file each), ``contestant.py`` (what a
rival must offer), ``rivals/`` (one file each), ``worker.py`` (each rival in a process of its own),
``measure.py`` (turns, medians, ratios, the check that all did the same work), ``report.py`` and
``chart.py``.

A new workload is one file in ``workloads/`` and one line in its ``__init__``; a new rival is one
file in ``rivals/`` and one line in its ``__init__``.
"""

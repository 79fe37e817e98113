"""Speed, size and memory of chainrule against named rivals, side by side in one run.

``python -m benchmarks`` gives every contestant the same work in interleaved rounds, each in a
process of its own, and prints medians and ratios of time, size or memory.

Reading order: ``benchmark.py`` (what is measured), ``workload.py`` (what is trained),
``training.py`` (how a step is timed), ``workloads/`` (one file each), ``contestant.py`` (what a
rival must offer), ``rivals/`` (one file each), ``worker.py`` (each rival in a process of its own),
``measure.py`` (rounds, medians, ratios, the check that all did the same work), ``report.py`` and
``chart.py``.

A new workload is one file in ``workloads/`` and one line in its ``__init__``; a new rival is one
file in ``rivals/`` and one line in its ``__init__``.
"""

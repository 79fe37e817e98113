"""Recurrent networks on series: the task here, a file for each framework beside.

Every file has ``network(task, dataset, parameters, contestant)``, with methods ``train`` and
``parameters``. The parameters are in chainrule's layout: gates in the order input, forget,
candidate, output (LSTM) or update, reset, candidate (GRU), one bias for each, and a second one for
the recurrent part of GRU's candidate. Frameworks with two biases for every gate train both, which
is slightly more work.
"""

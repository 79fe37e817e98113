"""Recurrent networks on series: the task here, a file for each framework beside.

Every file has ``network(task, dataset, parameters, contestant)``, which can ``train`` and tell its
``parameters``. These are as chainrule has them: gates in the order input, forget, candidate, output
(LSTM) or update, reset, candidate (GRU), one bias for each, and one more for the state's part of
GRU's candidate. Frameworks that have two biases for every gate train both, which is a little more
than what is asked for.
"""

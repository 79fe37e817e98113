"""Convolutional networks and single convolutions: the task here, a file for each framework beside.

Every file has ``network(task, dataset, parameters)``, which can ``train`` and tell its
``parameters``, and ``gradients(layer, x, kernel, slope)``, a callable that gives the value of one
convolution and its gradients in input and kernel. Arrays have the channels last, kernels are
(rows, columns, in, out); what a framework likes better it makes of them before it is timed.
"""

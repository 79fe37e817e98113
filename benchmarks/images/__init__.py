"""Convolutional networks and single convolutions: the task here, a file for each framework beside.

Every file has ``network(task, dataset, parameters)``, with methods ``train`` and ``parameters``,
and ``gradients(layer, x, kernel, cotangent)``, which returns a function that computes one
convolution and its gradients by input and kernel. Arrays have the channels last, kernels are
(rows, columns, in, out); a framework converts them to its own layout before it is timed.
"""

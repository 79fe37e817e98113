"""Networks: training, evaluation, prediction and files."""

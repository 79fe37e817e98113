"""Evaluation, prediction and classes."""

"""Lessons in figures: functions, optimisers, schedules, shapes and overfitting."""

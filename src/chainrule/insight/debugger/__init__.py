"""The debugger: a computation and its gradient, value by value."""

"""What is trained: layer stack, objective, parameters, compiled programs."""

"""The model: layer stack, objective, parameters, running metrics, compiled programs."""

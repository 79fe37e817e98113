"""Attributes of networks and layers that are not assigned: what to write instead."""

__all__ = ["NETWORK_ASSIGNMENTS", "TRAINING_MODE", "WITHOUT_EFFECT"]

TRAINING_MODE = (
    "a layer has no mode: write forward(self, x, training=False), which is True where fit trains"
)

_MODE = "there is no mode to set: fit trains, everything else infers"
_RATE = (
    "give net.compile a schedule, such as learning_rate=optim.cosine(0.1, epochs=20), or assign "
    "net.optimizer = dataclasses.replace(net.optimizer, learning_rate=...)"
)

NETWORK_ASSIGNMENTS = {
    "callbacks": "give them to net.fit(..., callbacks=[...])",
    "classes": "they are learned by net.fit from the names in y",
    "dtype": "give it to chainrule.Network(..., dtype=...)",
    "input_shape": "it is that of the first inputs",
    "layers": "create another chainrule.Network of these layers, or append one by net.add",
    "learning_rate": _RATE,
    "loss": "give it to net.compile(loss=...), which restarts the training",
    "lr": _RATE,
    "metrics": "give them to net.compile(metrics=[...])",
    "output_shape": "it follows from the layers",
    "params": "assign the arrays: net.params[name] = array, or net.params.update({...})",
    "requires_grad": "here it is net.trainable, or layer.trainable of each layer",
    "seed": "give it to chainrule.Network(..., seed=...)",
    "stop_training": "return True from the callback's on_epoch_end to stop",
    "table": "put a chainrule.data.Table first when the network is created",
    "training": _MODE,
}
"""Attributes of networks."""

WITHOUT_EFFECT = frozenset(
    ["learning_rate", "lr", "metrics", "requires_grad", "stop_training", "training"]
)
"""What other libraries read in ``fit``, which subclasses of networks may not assign either."""

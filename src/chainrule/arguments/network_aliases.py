"""Attributes of networks and callbacks in other libraries: the name here, or what to do instead."""

from __future__ import annotations

from chainrule.arguments.aliases import Aliases

__all__ = [
    "CALLBACK_ALIASES",
    "CALLBACK_ATTRIBUTES",
    "HISTORY_ATTRIBUTES",
    "NETWORK_ASSIGNMENTS",
    "NETWORK_ATTRIBUTES",
    "OPTIMIZER_ATTRIBUTES",
]

_FUNCTIONAL = "here it is a loop by hand: chainrule.value_and_grad and optimizer.update"
_MODE = "there is no mode to set: fit trains, everything else infers"
_RATE = (
    "give net.compile a schedule, such as learning_rate=optim.cosine(0.1, epochs=20), or assign "
    "net.optimizer = dataclasses.replace(net.optimizer, learning_rate=...)"
)
_ARRAYS = "parameters are NumPy arrays in net.params, on the CPU"

_BATCHES = (
    "batches run in native code, without a call of Python between them; use on_epoch_end with "
    "fewer samples an epoch, or write the loop by hand with chainrule.value_and_grad"
)

NETWORK_ATTRIBUTES = Aliases(
    names={
        "add": "append add_module add_layer",
        "classes": "classes_ class_names",
        "count_params": "num_parameters n_parameters count_parameters",
        "evaluate": "score test",
        "fit": "fit_generator partial_fit train_on_batch train_step",
        "history": "loss_curve_",
        "input_shape": "input inputs n_features_in_",
        "layers": "modules children named_modules named_children",
        "output_shape": "output outputs n_outputs_",
        "params": "weights trainable_weights trainable_variables non_trainable_weights variables "
        "get_weights parameters named_parameters coefs_ intercepts_ state_dict buffers",
        "predict": "predict_on_batch call forward decision_function transform",
        "predict_class": "predict_classes",
        "predict_proba": "predict_probabilities predict_log_proba",
        "save": "save_weights save_model to_json export dump",
    },
    remedies={
        "apply_gradients": _FUNCTIONAL,
        "backward": _FUNCTIONAL,
        "build": "sizes are inferred from the first input: call net(X), net.predict(X) or net.fit",
        "cpu": _ARRAYS,
        "cuda": _ARRAYS,
        "double": 'give chainrule.Network(..., dtype="float64")',
        "eval": _MODE,
        "fit_transform": "use fit, then predict",
        "float": 'give chainrule.Network(..., dtype="float32")',
        "from_config": "chainrule.load reads a saved network",
        "get_config": "net.summary() prints the layers; net.save writes them",
        "get_layer": "here it is net[name], as in net['dense']",
        "half": 'give chainrule.Network(..., dtype="float32")',
        "learning_rate": "it is net.optimizer.learning_rate",
        "load_state_dict": "assign the arrays: net.params.update({...})",
        "load_weights": "chainrule.load reads a saved network; net.params.update takes its params",
        "lr": "it is net.optimizer.learning_rate",
        "metrics": "they are given to net.compile, and their values are in net.history",
        "metrics_names": "the names are the keys of net.evaluate(X, y)",
        "pop": "net[:-1] is a network of the layers before the last one",
        "requires_grad": "here it is net.trainable, or layer.trainable of each layer",
        "reset_states": "recurrent layers begin each sequence with zeros",
        "set_weights": "assign the arrays: net.params.update({...})",
        "state": "net.save(path) writes it, chainrule.load reads it",
        "step": _FUNCTIONAL,
        "stop_training": "return True from the callback's on_epoch_end to stop",
        "test_on_batch": "use net.evaluate(X, y)",
        "to": _ARRAYS,
        "train": _MODE,
        "training": _MODE,
        "zero_grad": "gradients are new in each step; leave it out",
    },
)
"""Attributes that are read or called."""

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
"""Attributes that are assigned: what to write instead."""

CALLBACK_ALIASES = Aliases(
    names={
        "on_epoch_start": "on_epoch_begin on_train_epoch_start",
        "on_epoch_end": "on_train_epoch_end on_validation_end on_validation_epoch_end on_test_end",
        "on_fit_start": "on_train_begin on_train_start",
        "on_fit_end": "on_train_end",
    },
    remedies=dict.fromkeys(
        (
            "on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_start",
            "on_train_batch_end", "on_test_batch_begin", "on_test_batch_end",
            "on_predict_batch_begin", "on_predict_batch_end", "on_step_begin", "on_step_end",
            "on_before_backward", "on_after_backward", "on_before_optimizer_step",
        ),
        _BATCHES,
    ),
)  # fmt: skip
"""Methods of callbacks."""

_NET_GIVEN = "each method of a callback is given the network, as its argument net"

CALLBACK_ATTRIBUTES = Aliases(
    remedies={
        "learn": _NET_GIVEN,
        "model": _NET_GIVEN,
        "network": _NET_GIVEN,
        "params": f"{_NET_GIVEN}; its parameters are net.params",
        "trainer": _NET_GIVEN,
        "validation_data": "keep the arrays in the callback: self.data = (Xv, yv) in its __init__",
    },
)
"""Attributes of callbacks."""

_ONE_RATE = (
    "all parameters have one learning rate: assign net.optimizer = "
    "dataclasses.replace(net.optimizer, learning_rate=...)"
)

OPTIMIZER_ATTRIBUTES = Aliases(
    names={"learning_rate": "lr", "update": "apply_gradients minimize"},
    remedies={
        "param_groups": _ONE_RATE,
        "state_dict": "net.save writes the network with its optimiser's settings",
        "step": _FUNCTIONAL,
        "zero_grad": "gradients are new in each step; leave it out",
    },
)
"""Attributes of optimisers."""

HISTORY_ATTRIBUTES = Aliases(
    names={"epochs": "n_iter_ n_epochs"},
    remedies={
        "history": "the history is the mapping itself: history['loss'], dict(history)",
        "epoch": "it is range(history.epochs)",
        "params": "the arguments of fit are not recorded",
        "loss_curve_": "it is history['loss']",
        "model": "it is a record of numbers, without the network",
    },
)
"""Attributes of histories."""

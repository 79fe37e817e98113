"""Names that other libraries use, by subject: the name here, or what to do instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "FIT_ALIASES",
    "FUNCTION_ALIASES",
    "LAYER_ALIASES",
    "LAYER_ARGUMENT_ALIASES",
    "METRIC_ALIASES",
    "NO_ALIASES",
    "OPTIMIZER_ALIASES",
    "Aliases",
]


@dataclass(frozen=True)
class Aliases:
    """A table: the foreign names of each name here, separated by spaces, and remedies."""

    names: Mapping[str, str] = field(default_factory=dict[str, str])
    remedies: Mapping[str, str] = field(default_factory=dict[str, str])


NO_ALIASES = Aliases()

FIT_ALIASES = Aliases(
    names={
        "epochs": "nb_epoch n_epochs num_epochs n_iter max_iter iterations nb_epochs",
        "batch_size": "batchsize bs mini_batch_size minibatch_size",
        "X": "x",
        "validation_data": "x_val val_data eval_set validation_set",
        "validation_split": "val_split validation_fraction validation_size",
        "sample_weight": "sample_weights weights",
        "class_weight": "class_weights",
        "callbacks": "callback",
        "verbose": "verbosity verbose_level",
        "shuffle": "shuffle_data",
        "optimizer": "optim opt optimiser solver",
        "metrics": "metric",
        "loss": "loss_function loss_fn criterion objective",
        "learning_rate": "learning_rate_init eta step_size",
        "seed": "random_state",
        "custom": "custom_objects",
        "path": "filepath",
        "restore_best": "restore_best_weights",
        "patience": "n_iter_no_change",
        "min_delta": "tol",
        "hidden": "n_components n_hidden hidden_units units",
        "k": "cd_k",
        "l2": "weight_decay weight_cost",
    },
    remedies={
        "initial_epoch": "fit continues counting epochs where the last call ended",
        "validation_freq": "validation runs after every epoch",
        "validation_steps": "pass fewer samples as validation_data",
        "validation_batch_size": "the batch size of validation is chosen by the library",
        "steps_per_epoch": "an epoch is one pass over the data; pass fewer samples to shorten it",
        "steps": "evaluation uses all samples; pass fewer of them",
        "workers": "use chainrule.set_num_threads",
        "n_jobs": "use chainrule.set_num_threads",
        "use_multiprocessing": "use chainrule.set_num_threads",
        "max_queue_size": "there is no queue: batches are gathered from the arrays",
        "early_stopping": "give callbacks=[cr.EarlyStopping(...)]",
        "loss_weights": "there is one loss; weight its terms in a custom loss function",
        "weighted_metrics": "metrics weight every sample equally",
        "run_eagerly": "to step through training, write the loop with chainrule.value_and_grad",
        "jit_compile": "training is always compiled",
        "return_dict": "evaluate always returns a dictionary",
        "save_format": "the format is safetensors",
        "overwrite": "an existing file is replaced",
        "safe_mode": "files hold data only, so loading is always safe",
        "momentum": "give optimizer=optim.SGD(learning_rate, momentum=...)",
        "n_iter": "pass the number of epochs to fit, as in fit(X, epochs=10)",
        "training": "fit runs in training mode, everything else in inference mode",
        "baseline": "stop training from a callback that returns True",
        "start_from_epoch": "raise patience instead",
    },
)
"""Arguments of networks, callbacks and RBMs."""

LAYER_ALIASES = Aliases(
    names={
        "Dense": "Linear LazyLinear",
        "ConvTranspose2D": "Conv2DTranspose ConvTranspose2d",
        "Conv1D": "Convolution1D",
        "Conv2D": "Convolution2D",
        "MaxPool1D": "MaxPooling1D",
        "MaxPool2D": "MaxPooling2D",
        "AvgPool1D": "AveragePooling1D",
        "AvgPool2D": "AveragePooling2D",
        "GlobalAvgPool1D": "GlobalAveragePooling1D",
        "GlobalAvgPool2D": "GlobalAveragePooling2D AdaptiveAvgPool2d",
        "GlobalMaxPool1D": "GlobalMaxPooling1D",
        "GlobalMaxPool2D": "GlobalMaxPooling2D",
        "BatchNorm": "BatchNormalization BatchNorm1d BatchNorm2d",
        "LayerNorm": "LayerNormalization",
        "MultiHeadAttention": "MultiheadAttention",
        "RNN": "SimpleRNN",
        "Rescale": "Rescaling",
        "RandomShift": "RandomTranslation",
        "Layer": "Module",
    },
    remedies={
        "SpatialDropout1D": "here it is nn.Dropout(rate, noise_shape=(None, 1, None))",
        "SpatialDropout2D": "here it is nn.Dropout(rate, noise_shape=(None, 1, 1, None))",
        "Sequential": "use chainrule.Network, or a list of layers where a layer takes one",
    },
)
"""Classes of layers."""

LAYER_ARGUMENT_ALIASES = Aliases(
    names={
        "activation": "activation_fn act nonlinearity",
        "initializer": "kernel_initializer kernel_init weight_initializer weights_initializer "
        "embeddings_initializer init",
        "l2": "kernel_regularizer weight_decay alpha",
        "use_bias": "bias",
        "units": "out_features n_units num_units hidden_size features output_dim embedding_dim",
        "recurrent_initializer": "recurrent_init",
        "merge": "merge_mode",
        "mask_value": "mask padding_value",
        "go_backwards": "reverse",
        "rate": "p prob dropout_rate",
        "shape": "target_shape output_shape",
        "axes": "dims",
        "stddev": "std sigma",
        "strides": "stride",
        "dilation_rate": "dilation dilations",
        "filters": "out_channels n_filters num_filters",
        "kernel_size": "kernel filter_size ksize",
        "vocabulary_size": "input_dim num_embeddings vocab_size",
        "heads": "num_heads n_heads",
        "key_units": "key_dim head_dim",
        "causal": "use_causal_mask is_causal",
        "epsilon": "eps",
        "pixels": "height_factor width_factor max_shift",
        "degrees": "angle",
        "fill": "fill_value",
        "padding": "pad pads",
        "pool_size": "kernel_size pool window_size",
        "trainable": "requires_grad",
    },
    remedies={"trainable": "set it afterwards, as in layer.trainable = False"}
    | dict.fromkeys(
        (
            "in_features",
            "in_channels",
            "input_dim",
            "input_shape",
            "input_size",
            "batch_input_shape",
            "num_features",
        ),
        "sizes are inferred from the first input",
    )
    | {"padding_idx": "give mask_zero=True, which makes the index 0 padding"},
)
"""Arguments of layers."""

FUNCTION_ALIASES = Aliases(
    names={
        "silu": "swish",
        "linear": "identity",
        "sigmoid": "logistic",
        "leaky_relu": "leakyrelu",
        "glorot_normal": "xavier_normal",
        "glorot_uniform": "xavier_uniform",
        "he_normal": "kaiming_normal",
        "he_uniform": "kaiming_uniform",
        "normal": "random_normal",
        "uniform": "random_uniform",
        "mse": "mean_squared_error squared_error",
        "mae": "mean_absolute_error absolute_error l1",
        "huber": "smooth_l1",
        "quantile": "pinball",
        "cross_entropy": "categorical_crossentropy sparse_categorical_crossentropy crossentropy "
        "log_loss nll",
        "binary_cross_entropy": "binary_crossentropy bce",
        "kl_divergence": "kld kl_div",
        "cosine": "cosine_similarity",
    },
)
"""Activations, initialisers and losses."""

METRIC_ALIASES = Aliases(
    names={
        "accuracy": "acc binary_accuracy categorical_accuracy sparse_categorical_accuracy",
        "f1": "f1_score",
        "mae": "mean_absolute_error",
        "mse": "mean_squared_error",
        "r2": "r2_score",
        "auc": "roc_auc roc_auc_score",
        "top_k": "top_k_accuracy top_k_categorical_accuracy",
    },
)
"""Metrics."""

OPTIMIZER_ALIASES = Aliases(
    names={
        "rho": "alpha decay",
        "beta_1": "b1 beta1 momentum",
        "beta_2": "b2 beta2",
        "momentum": "beta mu",
        "clip_norm": "clipnorm global_clipnorm gradient_clip_norm max_grad_norm",
        "clip_value": "clipvalue gradient_clip_value",
        "factor": "decay_rate gamma",
        "steps": "decay_steps T_max total_steps warmup_steps",
        "start_divisor": "div_factor",
        "epsilon": "eps",
        "learning_rate": "eta initial_learning_rate learning_rate_init max_lr rate step_size",
        "final": "eta_min min_lr",
        "final_divisor": "final_div_factor",
        "initial_accumulator": "initial_accumulator_value",
        "then": "learning_rate lr",
        "nesterov": "nesterovs_momentum",
        "rise": "pct_start",
        "weight_decay": "wd",
    },
    remedies={
        "amsgrad": "this variant is not available; use optim.Adam without it",
        "betas": "here they are two arguments, `beta_1` and `beta_2`",
        "learning_rate_decay": "give a schedule, as in learning_rate=optim.cosine(0.1, epochs=20)",
        "lr_decay": "give a schedule, as in learning_rate=optim.cosine(0.1, epochs=20)",
        "maximize": "optimisers minimise: negate the loss",
        "params": "an optimiser is only an update rule: the network passes it the parameters",
        "weight_decay": "use l2= of the layers, or optim.AdamW",
    },
)
"""Arguments of optimisers and schedules."""

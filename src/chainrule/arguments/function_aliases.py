"""Names that other libraries use for arguments of functions, and for the functions themselves."""

from __future__ import annotations

from chainrule.arguments.aliases import Aliases

__all__ = [
    "CORE_ALIASES",
    "CORE_NAMES",
    "DATASET_ALIASES",
    "DATASET_NAMES",
    "DATA_ALIASES",
    "DATA_NAMES",
    "OPTIM_NAMES",
    "PIPELINE_ALIASES",
    "PLOT_ALIASES",
    "RANDOM_ALIASES",
    "RANDOM_NAMES",
]

_COMPILED = "compiled code is always that of this processor; leave it out"

_RATE_SCHEDULE = "give net.compile a schedule, such as learning_rate=optim.{}"

CORE_ALIASES = Aliases(
    names={
        "function": "fun func f fn fct",
        "argnums": "argnum argn wrt arg_nums inputs",
        "has_aux": "aux return_aux",
        "static_argnums": "static_argnum static_args nondiff_argnums",
        "static_argnames": "static_argname nondiff_argnames",
        "step": "f fn func function body body_fun epsilon eps h",
        "init": "initial initializer init_carry carry outputs_info",
        "xs": "x elems sequences sequence inputs",
        "length": "n_steps steps maxiter",
        "reverse": "go_backwards backwards",
        "args": "inputs primals x x0 point",
        "order": "modes orders",
        "tolerance": "tol rtol atol",
        "directions": "n_directions num_directions",
        "seed": "random_state rng",
        "forward": "fwd fun f f_fwd function",
        "backward": "bwd vjp f_bwd",
        "values": "x input",
        "count": "n num_threads threads n_threads",
        "layer": "module",
        "input_shape": "shape batch_input_shape input_size",
        "inputs": "x X input",
    },
    remedies={
        "allow_int": "derivatives are by real numbers: pass x.astype(float)",
        "argnames": "give the position of the argument, as in argnums=0",
        "axis_name": "leave it out",
        "backend": _COMPILED,
        "cache": "compiled programs are always cached; leave it out",
        "create_graph": "a derivative can always be differentiated again; leave it out",
        "device": _COMPILED,
        "donate_argnames": "results are always new arrays; leave it out",
        "donate_argnums": "results are always new arrays; leave it out",
        "eps": "the step is chosen by the library; leave it out",
        "epsilon": "the step is chosen by the library; leave it out",
        "fastmath": "every operation is rounded as in NumPy; leave it out",
        "holomorphic": "derivatives are by real numbers; give x.real and x.imag as two arguments",
        "inline": "functions are always traced into their callers; leave it out",
        "keep_unused": "leave it out",
        "nogil": "compiled code always runs without the lock; leave it out",
        "nopython": "leave it out",
        "parallel": "use chainrule.set_num_threads",
        "retain_graph": "a pullback can always be called again; leave it out",
        "unroll": "leave it out: the body is compiled once, as a loop",
        "verbose": "leave it out",
    },
)
"""Arguments of derivatives, of compilation and of their checks."""

CORE_NAMES = Aliases(
    names={
        "jit": "compile njit",
        "stop_gradient": "detach no_grad",
        "custom_vjp": "primitive custom_gradient defvjp Function",
        "check_grads": "gradcheck",
        "set_num_threads": "set_threads",
        "Network": "Sequential Model Module",
        "load": "load_model",
        "RBM": "BernoulliRBM",
        "grad": "elementwise_grad derivative gradient",
    },
    remedies={
        "numpy": "use NumPy itself: import numpy as np",
        "tensor": "arrays are NumPy's: use np.array",
        "GradientTape": "write a function and use chainrule.value_and_grad",
        "nograd_functions": "use chainrule.stop_gradient",
        "lax": "scan is chainrule.scan; elsewhere use NumPy",
        "layers": "layers are in chainrule.nn",
        "callbacks": "callbacks are chainrule.Callback and chainrule.EarlyStopping",
        "losses": "losses are given by name, as in net.compile(loss='mse')",
        "optimizers": "optimisers are in chainrule.optim",
        "optimisers": "optimisers are in chainrule.optim",
        "utils": "data tools are in chainrule.data",
        "CSVLogger": "net.fit returns the numbers of each epoch, a mapping of names to lists",
        "LambdaCallback": "any function (net, epoch, logs) is a callback",
        "LearningRateScheduler": _RATE_SCHEDULE.format("cosine(0.1, epochs=20)"),
        "ModelCheckpoint": "a function saves after each epoch: "
        "callbacks=lambda net, epoch, logs: net.save('model.safetensors')",
        "ReduceLROnPlateau": _RATE_SCHEDULE.format("reduce_on_plateau(0.1)"),
        "TerminateOnNaN": "net.fit stops by itself, and explains where NaN arose",
    },
)
"""Names of the package."""

RANDOM_ALIASES = Aliases(
    names={
        "key": "rng prng_key generator random_state",
        "seed": "random_state",
        "shape": "size sample_shape n",
        "count": "num n",
        "minval": "low a",
        "maxval": "high b",
        "loc": "mean mu minval",
        "scale": "std stddev sigma sd",
        "p": "prob probs probability",
        "logits": "logit p probs",
        "x": "a data",
        "a": "x options population",
        "data": "number n",
    },
    remedies={
        "seed": "give a key first, as from chainrule.random.key(seed)",
        "rate": "divide by it: the mean is `scale`",
        "lam": "divide by it: the mean is `scale`",
        "independent": "permute each row by its own key",
        "unique": "give replace=False",
    },
)
"""Arguments of random functions."""

RANDOM_NAMES = Aliases(
    names={
        "key": "PRNGKey default_rng seed Generator RandomState manual_seed",
        "uniform": "rand random random_sample",
        "normal": "randn standard_normal",
        "randint": "integers random_integers",
        "permutation": "shuffle randperm",
        "exponential": "standard_exponential",
        "categorical": "multinomial",
        "bernoulli": "binomial",
    },
)
"""Random functions."""

DATA_ALIASES = Aliases(
    names={
        "X": "x data inputs features arrays",
        "y": "target targets labels",
        "test_size": "test_fraction validation_size validation_split val_size fraction ratio",
        "seed": "random_state random_seed rng",
        "length": "sequence_length seq_length seq_len window window_size size lookback look_back "
        "timesteps n_steps window_length",
        "horizon": "target_length forecast_horizon steps_ahead n_ahead output_length",
        "stride": "sequence_stride step shift",
        "series": "data x time_series values",
        "path": "filepath_or_buffer fname file filename file_path",
        "path_or_file": "path filename file fname filepath_or_buffer",
        "delimiter": "sep separator delim",
        "missing": "na_values missing_values na null_values nan_values",
        "encoding": "enc categories_as encode",
        "array": "data x",
        "signal": "y audio waveform",
        "rate": "sr sample_rate sampling_rate samplerate fs",
        "bands": "n_mels nfilt n_filters num_mel_bins numfilters",
        "coefficients": "n_mfcc numcep num_ceps",
        "low": "fmin lowfreq f_min",
        "high": "fmax highfreq f_max",
        "floor": "amin",
        "window": "winlen",
        "hop": "winstep",
        "fill": "strategy fill_value impute",
        "unseen": "handle_unknown unknown_value",
        "scaled": "scale standardize normalize with_std",
        "name": "column feature",
        "target": "y label target_column label_column",
        "drop": "ignore exclude drop_columns",
        "source": "df frame dataframe X data",
        "fitted": "columns",
        "cells": "x X values",
    },
    remedies={
        "train_size": "give the other part, as in test_size=0.25",
        "groups": "split the groups first, then take their rows",
        "targets": "the targets are the values that follow each window",
        "batch_size": "fit makes the batches: net.fit(X, y, batch_size=32)",
        "shuffle": "fit shuffles the samples",
        "validation_data": "give it to fit",
        "sampling_rate": "take every k-th value first, as in series[::k]",
        "header": "the first line names the columns; write one into a file that has none",
        "names": "the first line names the columns; write one into a file that has none",
        "usecols": "read all columns and take some: {name: table[name] for name in names}",
        "index_col": "a table has no index; take the column with table.pop(name)",
        "dtype": "each column gets the narrowest dtype; convert one with table[name].astype",
        "converters": "convert a column after reading it",
        "parse_dates": "dates are text; convert them with np.array(table[name], 'datetime64[D]')",
        "nrows": "read all rows and take the first of each column, as in table[name][:n]",
        "skiprows": "the first line must name the columns; remove the lines before it",
        "skip_header": "the first line must name the columns; remove the lines before it",
        "skipinitialspace": "blanks after a delimiter are always skipped; leave it out",
        "comment": "remove the comments from the file first",
        "low_memory": "leave it out",
        "engine": "leave it out",
        "chunksize": "read all rows; a table is a dictionary of columns",
        "n_mfcc": "it is `coefficients`, an argument of mfcc",
        "hop_length": "give `hop` in seconds",
        "n_fft": "give `window` in seconds",
        "win_length": "give `window` in seconds",
        "columns": "give the columns by position, as in Table('age', 'income')",
    },
)
"""Arguments of functions that read, cut and describe data."""

DATA_NAMES = Aliases(
    names={
        "split": "train_test_split random_split",
        "windows": "timeseries_dataset_from_array sliding_window_view TimeseriesGenerator",
        "Pipeline": "DataLoader Dataset TensorDataset from_tensor_slices",
        "read_csv": "loadtxt genfromtxt read_table",
        "Table": "ColumnTransformer DataFrame",
        "Category": "OneHotEncoder OrdinalEncoder LabelEncoder",
        "Number": "StandardScaler MinMaxScaler SimpleImputer",
        "read_wav": "load_audio",
        "read_idx": "load_idx",
    },
)
"""Functions and classes of data."""

PIPELINE_ALIASES = Aliases(
    names={
        "function": "map_func func fn f transform reduce_func",
        "predicate": "function func fn f cond",
        "seed": "random_state",
        "size": "batch_size n count window_size",
        "stride": "shift step",
        "drop_last": "drop_remainder",
        "count": "n size",
        "times": "count n epochs",
        "initial": "init initial_state initializer",
        "number": "epoch n",
        "source": "dataset data iterable x",
        "key": "by cmp",
        "reverse": "descending",
    },
    remedies={
        "batch_size": "call .batch(size)",
        "buffer_size": "all items are shuffled; leave it out",
        "collate_fn": "items are stacked as arrays; change them with .map first",
        "deterministic": "the order never varies; leave it out",
        "num_parallel_calls": "leave it out",
        "num_workers": "leave it out",
        "pin_memory": "leave it out",
        "reshuffle_each_iteration": "each epoch has an order of its own: see .epoch",
        "shuffle": "call .shuffle(seed)",
    },
)
"""Arguments of the methods of pipelines."""

_BOTH = "both parts are returned: (X, y), (X_test, y_test)"

DATASET_ALIASES = Aliases(
    names={
        "n": "n_samples num_samples samples size",
        "noise": "std sigma scale stddev",
        "seed": "random_state rng",
        "seconds": "duration length",
    },
    remedies={
        "shuffle": "leave it out, and give shuffle to fit or to data.split",
        "train": _BOTH,
        "split": _BOTH,
        "subset": _BOTH,
        "return_X_y": "inputs and targets are always returned as two arrays; leave it out",
        "as_frame": "tables are dictionaries of columns: pandas.DataFrame(table)",
        "as_supervised": "inputs and targets are always returned; leave it out",
        "download": "files are downloaded where they are missing; leave it out",
        "root": "set the environment variable CHAINRULE_DATA to the folder",
        "data_home": "set the environment variable CHAINRULE_DATA to the folder",
        "data_dir": "set the environment variable CHAINRULE_DATA to the folder",
        "path": "set the environment variable CHAINRULE_DATA to the folder",
        "n_class": "take the samples of some classes: keep = y < n; X[keep], y[keep]",
        "transform": "change the arrays that are returned",
        "target_transform": "change the arrays that are returned",
    },
)
"""Arguments of data sets."""

DATASET_NAMES = Aliases(
    names={
        "moons": "make_moons",
        "digits": "load_digits",
        "mnist": "MNIST load_mnist",
        "fashion_mnist": "FashionMNIST",
        "airline": "airline_passengers",
        "xor": "make_xor",
    },
    remedies=dict.fromkeys(
        ("make_blobs", "make_circles", "load_iris", "fetch_openml", "make_classification"),
        "take it from scikit-learn, whose arrays can be used as they are",
    ),
)
"""Data sets."""

_SCHEDULE = "schedules are learning rates: optim.SGD(optim.cosine(0.1, epochs=9))"

OPTIM_NAMES = Aliases(
    names={
        "Adagrad": "AdaGrad",
        "RMSprop": "RMSProp",
        "step": "StepLR StepDecay step_decay",
        "exponential": "ExponentialLR ExponentialDecay exponential_decay",
        "cosine": "CosineAnnealingLR CosineDecay cosine_decay_schedule",
        "one_cycle": "OneCycleLR",
        "reduce_on_plateau": "ReduceLROnPlateau",
        "warmup": "LinearLR linear_schedule",
        "clip": "clip_grad_norm_ clip_by_global_norm",
        "constant": "ConstantLR constant_schedule",
    },
    remedies={
        "lr_scheduler": _SCHEDULE,
        "LBFGS": "use scipy.optimize.minimize(method='L-BFGS-B', jac=True) on value_and_grad",
    },
)
"""Optimisers and schedules."""

PLOT_ALIASES = Aliases(
    names={
        "path": "filename fname file to_file save_path",
        "axes": "ax",
        "net": "model classifier estimator clf",
        "image_shape": "shape size",
        "name": "layer parameter",
        "course": "history hist log",
    },
    remedies={
        "figsize": "give axes, as from matplotlib's plt.subplots(figsize=...)",
        "title": "set it on the figure that is returned",
        "show": "in a notebook the figure that is returned is shown; else call plt.show()",
        "cmap": "colours are those of the library; draw with matplotlib to choose others",
    },
)
"""Arguments of plots."""

"""The package itself: derivatives, compilation and random numbers."""

from chainrule.arguments.foreign_names.subject import Subject

__all__ = ["SUBJECTS"]

PACKAGE = Subject(
    "The package",
    ours="cr.{}",
    theirs={
        "keras": "keras.{}",
        "torch": "torch.{}",
        "jax": "jax.{}",
        "sklearn": "sklearn.{}",
        "skorch": "{}",
        "numpy": "np.{}",
        "pandas": "pd.{}",
    },
    table="""
torch  compile  -> jit
other  njit numba  -> jit
torch  detach no_grad inference_mode  -> stop_gradient
jax  primitive defvjp  -> custom_vjp
keras  custom_gradient  -> custom_vjp
torch  Function  -> custom_vjp
torch  gradcheck  -> check_grads
torch  set_threads  -> set_num_threads
keras  Sequential Model  -> Network
torch  Sequential Module  -> Network
other  NeuralNetwork Net NN MLP  -> Network
sklearn  MLPClassifier MLPRegressor neural_network  -> Network
keras  load_model  -> load
sklearn  BernoulliRBM  -> RBM
sklearn  GridSearchCV RandomizedSearchCV HalvingGridSearchCV ParameterGrid  -> sweep
other  grid_search random_search hyperparameter_search tune  -> sweep
jax  elementwise_grad  -> take chainrule.vmap(chainrule.grad(f)), or chainrule.grad of np.sum(f(x))
other  derivative gradient  -> grad
jax,numpy  numpy  -> use NumPy itself: import numpy as np
torch  tensor from_numpy Tensor  -> arrays are NumPy's: use np.array
numpy,jax  array asarray zeros ones arange linspace  -> arrays are NumPy's: use np.array
numpy  exp log tanh sum mean dot matmul  -> functions of arrays are NumPy's, as np.tanh
keras  GradientTape  -> write a function and use chainrule.value_and_grad
torch  autograd  -> write a function and use chainrule.value_and_grad
torch  backward  -> write a function and use chainrule.value_and_grad
torch  manual_seed  -> give seeds, as in chainrule.Network(seed=0) or chainrule.random.key(0)
keras  set_random_seed  -> give seeds, as in chainrule.Network(seed=0) or chainrule.random.key(0)
jax  nograd_functions  -> use chainrule.stop_gradient
jax  lax  -> its loops are chainrule.scan, chainrule.while_loop and chainrule.cond; elsewhere use
       NumPy
jax,torch  jacrev jacfwd  -> jacobian
jax  hessian_vector_product make_hvp  -> hvp
jax  make_vjp vector_jacobian_product linear_transpose  -> vjp
jax  make_jvp jacobian_vector_product  -> jvp
jax  grad_and_aux  -> take chainrule.grad(f, has_aux=True)
jax  custom_jvp  -> give the derivative to chainrule.custom_vjp; forward mode uses it too
jax  make_jaxpr  -> trace
jax  pmap  -> vmap
jax  devices device_put  -> all cores are used; see chainrule.set_num_threads
jax  fori_loop  -> use chainrule.scan over np.arange(n), with init for the first value
jax  switch  -> use chainrule.cond within chainrule.cond, or np.select
jax  associative_scan  -> use chainrule.scan, or np.cumsum, np.cumprod, np.maximum.accumulate
keras,torch  map map_fn vectorized_map  -> vmap
numpy  vectorize  -> vmap
keras  switch_case case  -> use chainrule.cond within chainrule.cond, or np.select
torch  func  -> derivatives are in chainrule itself, as chainrule.grad, chainrule.vmap
torch  functional_call  -> a network is called on other parameters by net.apply(params, x)
torch  stack_module_state  -> parameters are dicts of arrays: use np.stack on each of them
jax  tree_util tree_map  -> parameters are nested dicts, lists and tuples: write a loop
keras  layers  -> layers are in chainrule.nn, as nn.Dense
keras  Dense Conv2D LSTM GRU Flatten Dropout Embedding Activation BatchNorm Layer
       -> layers are in chainrule.nn, as nn.Dense
keras  MaxPooling2D BatchNormalization Input  -> layers are in chainrule.nn, as nn.Dense
keras  SGD Adam RMSprop Adagrad AdamW  -> optimisers are in chainrule.optim, as optim.Adam
keras  models  -> a network is chainrule.Network, and chainrule.load reads one
keras  keras Keras  -> names of Keras are in chainrule itself, as chainrule.Network, nn.Dense
torch  torch  -> layers are in chainrule.nn, derivatives in chainrule.grad, arrays are NumPy's
keras  callbacks  -> callbacks are in chainrule itself, as chainrule.EarlyStopping
keras  activations  -> activations are given by name, as in nn.Dense(3, activation='relu')
keras  initializers  -> initialisers are given by name, as in nn.Dense(3, initializer='zeros')
keras  regularizers  -> the penalty of weights is an argument, as in nn.Dense(3, l2=0.01)
keras,other  optimizers optimisers  -> optimisers are in chainrule.optim
keras,torch  utils  -> data tools are in chainrule.data; integer labels need no to_categorical
keras,other  to_categorical one_hot  -> labels are used as they are, with loss='cross_entropy'; rows
       of 0 and 1 are np.eye(n)[y]
sklearn  train_test_split model_selection  -> it is chainrule.data.split(X, y)
sklearn,keras  preprocessing  -> chainrule.data.Table scales and encodes columns
sklearn  StandardScaler MinMaxScaler OneHotEncoder LabelEncoder  -> chainrule.data.Table scales and
       encodes columns; arrays are scaled by NumPy
sklearn  pipeline  -> preprocessing is part of a network: give it a chainrule.data.Table first
sklearn  accuracy_score  -> it is chainrule.metrics.accuracy
sklearn  f1_score roc_auc_score r2_score mean_squared_error confusion_matrix log_loss
       classification_report  -> metrics are in chainrule.metrics, as metrics.f1, and losses in
       chainrule.losses
pandas  read_csv DataFrame  -> it is in chainrule.data, as data.read_csv
torch  load_state_dict state_dict  -> it is net.params.update(chainrule.from_torch(state_dict, net))
keras  set_weights load_weights  -> it is net.params.update(chainrule.from_keras(weights, net))
keras,other  save save_model dump  -> a network saves itself: net.save(path)
keras  fit evaluate predict  -> they are methods of a network, as net.fit(X, y)
keras  backend config  -> programs are compiled by LLVM, and there is nothing to choose
torch  cuda device  -> programs run on the CPU
torch  float32 float64  -> dtypes are NumPy's or their names, as np.float32
keras  CSVLogger  -> CSVLog
keras  LearningRateScheduler  -> LearningRateSchedule
keras  ModelCheckpoint BackupAndRestore  -> Checkpoint
numpy,jax  scipy optimize integrate  -> SciPy's names are in chainrule.science, as science.minimize
numpy  ndimage  -> filters are in chainrule.science, as science.ndimage
numpy,jax  minimize  -> it is chainrule.science.minimize
numpy  curve_fit least_squares root fsolve newton root_scalar minimize_scalar
       -> roots and fits are in chainrule.science, as science.curve_fit
numpy,jax,torch  odeint  -> it is chainrule.science.odeint
numpy,jax,torch  solve_ivp diffeqsolve odeint_adjoint ode  -> integrators are in chainrule.science,
       as science.odeint, and in chainrule.solvers
jax,torch  lbfgs LBFGS  -> give net.compile('mse', optimizer='lbfgs'), or use
       chainrule.solvers.lbfgs
numpy,other  sobel gaussian_filter  -> filters are in chainrule.science, as science.sobel
torch,jax  NeuralODE neural_ode  -> it is the layer chainrule.nn.ODE
keras  ReduceLROnPlateau  -> ReduceOnPlateau
torch  SummaryWriter  -> TensorBoard
keras  TerminateOnNaN  -> net.fit stops by itself, and explains where NaN arose
keras,skorch  ProgbarLogger ProgressBar PrintLog  -> Progress
keras  History CallbackList  -> net.fit takes a list of callbacks, and returns the history
keras  RemoteMonitor SwapEMAWeights  -> write it as a chainrule.Callback, or give functions to
       chainrule.LambdaCallback
skorch  NeuralNet  -> Network
skorch  NeuralNetClassifier NeuralNetRegressor NeuralNetBinaryClassifier KerasClassifier
       KerasRegressor  -> chainrule.Network has fit, predict and evaluate of its own
skorch  TrainEndCheckpoint LoadInitState  -> Checkpoint
skorch  LRScheduler WarmRestartLR CyclicLR  -> LearningRateSchedule
skorch  EpochScoring  -> give metrics to net.compile, and validation_data to net.fit: a metric of
       them is val_ with its name
skorch  BatchScoring  -> give metrics to net.compile: each is averaged over the samples of an epoch
skorch  PassthroughScoring  -> numbers that on_epoch_end adds to its logs are recorded
skorch  EpochTimer  -> it is history['seconds']
skorch  Freezer Unfreezer ParamMapper  -> set net['dense'].trainable, in a callback at any epoch
skorch  Initializer  -> give initializer= to the layer, or assign net.params['dense.weight']
skorch  GradientNormClipping  -> give optimizer=optim.Adam(clip_norm=1.0) to net.compile
skorch  WandbLogger NeptuneLogger MlflowLogger SacredLogger HfHubStorage
       -> give chainrule.LambdaCallback a function on_epoch_end of net, epoch and logs
""",
)

CORE_ARGUMENTS = Subject(
    "Arguments of derivatives and of compilation",
    ours="{}=",
    theirs={"": "{}="},
    table="""
jax  fun  -> function
torch  func  -> function
other  f fn fct  -> function
jax  argnum  -> argnums
other  argn wrt arg_nums  -> argnums
torch  inputs  -> argnums
jax  aux return_aux  -> has_aux
jax  static_argnum nondiff_argnums  -> static_argnums
other  static_args  -> static_argnums
jax  static_argname nondiff_argnames  -> static_argnames
jax  f body body_fun  -> step
jax  body_fun  -> body
jax  cond_fun  -> condition
keras  cond  -> condition
jax  init_val  -> init
keras  loop_vars  -> init
keras,other  maximum_iterations max_iter maxiter  -> max_steps
jax,keras  pred  -> test
jax,keras  true_fun true_fn  -> if_true
jax,keras  false_fun false_fn  -> if_false
torch  in_dims  -> in_axes
torch  out_dims  -> out_axes
torch  chunk_size  -> all entries are computed at once; leave it out
torch  randomness  -> draw by chainrule.random, from a key of each entry or from one that they share
jax  spmd_axis_name  -> leave it out
torch  strategy vectorize  -> the cheaper of forward and reverse mode is chosen; leave it out
keras  back_prop parallel_iterations shape_invariants swap_memory  -> leave it out
other  fn func function epsilon eps h  -> step
jax  init_carry carry  -> init
other  initial initializer outputs_info  -> init
other  x elems sequences sequence inputs  -> xs
other  n_steps steps maxiter  -> length
keras  go_backwards  -> reverse
other  backwards  -> reverse
jax  primals  -> args
torch  inputs  -> args
other  x x0 point  -> args
jax  modes  -> order
other  orders  -> order
numpy,torch  tol rtol atol  -> tolerance
other  n_directions num_directions  -> directions
sklearn  random_state  -> seed
jax  rng  -> seed
jax  fwd f_fwd  -> forward
other  fun f function  -> forward
jax  bwd f_bwd  -> backward
other  vjp  -> backward
other  x input  -> values
other  n num_threads threads n_threads  -> count
torch  module  -> layer
keras  shape batch_input_shape  -> input_shape
torch  input_size  -> input_shape
other  x X input  -> inputs
jax  allow_int  -> derivatives are by real numbers: pass x.astype(float)
jax  argnames  -> give the position of the argument, as in argnums=0
jax  axis_name keep_unused  -> leave it out
jax  backend device  -> compiled code is always that of this processor; leave it out
jax,other  cache  -> compiled programs are always cached; leave it out
torch  create_graph  -> a derivative can always be differentiated again; leave it out
torch  retain_graph  -> a pullback can always be called again; leave it out
jax  donate_argnames donate_argnums  -> results are always new arrays; leave it out
torch,other  eps epsilon  -> the step is chosen by the library; leave it out
other  fastmath  -> every operation is rounded as in NumPy; leave it out
jax  holomorphic  -> derivatives are by real numbers; give x.real and x.imag as two arguments
jax  inline  -> functions are always traced into their callers; leave it out
other  nogil  -> compiled code always runs without the lock; leave it out
other  nopython verbose  -> leave it out
other  parallel  -> use chainrule.set_num_threads
jax  unroll  -> leave it out: the body is compiled once, as a loop
torch  dynamic fullgraph mode  -> a program is compiled for each shape, always whole; leave it out
""",
)

RANDOM = Subject(
    "Random numbers",
    ours="cr.random.{}",
    theirs={"jax": "jax.random.{}", "numpy": "np.random.{}", "torch": "torch.{}"},
    table="""
jax  PRNGKey  -> key
numpy  default_rng seed Generator RandomState  -> key
torch  manual_seed  -> key
numpy  rand random random_sample  -> uniform
numpy,torch  randn  -> normal
numpy  standard_normal  -> normal
numpy  integers random_integers  -> randint
numpy  shuffle  -> permutation
torch  randperm  -> permutation
numpy  standard_exponential  -> exponential
numpy,torch  multinomial  -> categorical
numpy  binomial  -> bernoulli
""",
)

RANDOM_ARGUMENTS = Subject(
    "Arguments of random functions",
    ours="{}=",
    theirs={"": "{}="},
    table="""
jax,other  rng prng_key generator  -> key
sklearn  random_state  -> key
sklearn  random_state  -> seed
numpy  size  -> shape
torch  sample_shape  -> shape
other  n  -> shape
jax  num  -> count
other  n  -> count
numpy  low  -> minval
other  a  -> minval
numpy  high  -> maxval
other  b  -> maxval
torch  mean  -> loc
other  mu minval  -> loc
torch  std  -> scale
keras  stddev  -> scale
other  sigma sd  -> scale
torch  probs  -> p
other  prob probability  -> p
other  logit p probs  -> logits
numpy  a  -> x
other  data  -> x
other  x options population  -> a
other  number n  -> data
other  seed  -> give a key first, as from chainrule.random.key(seed)
jax,torch  rate lam  -> divide by it: the mean is `scale`
jax  independent  -> permute each row by its own key
other  unique  -> give replace=False
""",
)

TESTING = Subject(
    "Checks of derivatives",
    ours="cr.testing.{}",
    theirs={"torch": "torch.autograd.{}", "jax": "jax.test_util.{}", "": "{}"},
    table="""
torch  gradcheck gradgradcheck  -> check_grads
jax  check_vjp check_jvp  -> check_grads
numpy  check_grad approx_fprime  -> check_grads
other  gradient_check numerical_gradient  -> numerical_derivative
numpy  assert_allclose assert_array_equal  -> it is in NumPy: np.testing
""",
)

GRAPH = Subject(
    "Traced graphs",
    ours="graph.{}",
    theirs={"": "graph.{}", "jax": "jaxpr.{}"},
    table="""
jax  eqns  -> equations
jax  invars  -> inputs
jax  outvars  -> outputs
jax  jaxpr  -> print the graph itself: str(graph)
jax  consts  -> nodes
torch  print_tabular  -> print the graph itself: str(graph)
torch  run eval  -> evaluate the function that was traced: f(x)
other  ops operations  -> equations
""",
)

WEIGHTS_ARGUMENTS = Subject(
    "Arguments of weights of other libraries",
    ours="{}=",
    theirs={"": "{}="},
    table="""
torch  sd weights params  -> state_dict
keras  state_dict params variables  -> weights
other  model network  -> net
torch  strict  -> all names must fit; give the part of the network that the weights are of, net[:-1]
keras  by_name skip_mismatch  -> layers are paired by equal names, or by names={'theirs': 'ours'}
other  mapping rename key_mapping  -> names
other  template target  -> like
""",
)

SUBJECTS = {
    "package": PACKAGE,
    "core arguments": CORE_ARGUMENTS,
    "random": RANDOM,
    "random arguments": RANDOM_ARGUMENTS,
    "testing": TESTING,
    "graph": GRAPH,
    "weights arguments": WEIGHTS_ARGUMENTS,
}

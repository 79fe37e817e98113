"""Optimisers and schedules, their arguments and attributes."""

from chainrule.arguments.foreign_names.subject import Subject

__all__ = ["SUBJECTS"]

OPTIMIZERS = Subject(
    "Optimisers and schedules",
    ours="optim.{}",
    theirs={"keras": "keras.optimizers.{}", "torch": "torch.optim.{}", "jax": "optax.{}"},
    table="""
other  AdaGrad  -> Adagrad
keras  RMSProp  -> RMSprop
torch  NAdam  -> Nadam
other  Momentum MomentumSGD  -> SGD
torch  StepLR  -> step
keras  StepDecay step_decay PiecewiseConstantDecay  -> step
torch  ExponentialLR  -> exponential
keras,jax  ExponentialDecay exponential_decay  -> exponential
torch  CosineAnnealingLR  -> cosine
keras  InverseTimeDecay inverse_time_decay  -> inverse_time
keras,jax  CosineDecay cosine_decay_schedule  -> cosine
torch  OneCycleLR  -> one_cycle
torch,keras  ReduceLROnPlateau  -> reduce_on_plateau
torch  LinearLR  -> warmup
jax  linear_schedule  -> warmup
torch  clip_grad_norm_  -> clip
jax  clip_by_global_norm  -> clip
torch  ConstantLR  -> constant
jax  constant_schedule  -> constant
torch  lr_scheduler  -> schedules are learning rates: optim.SGD(optim.cosine(0.1, epochs=9))
torch,keras  LambdaLR LearningRateSchedule  -> a function of the epoch is a learning rate:
       optim.SGD(lambda epoch: 0.1 / (1 + epoch))
torch,keras  Adamax RAdam Ftrl  -> use optim.Adam(0.001)
jax,other  minimize  -> it is chainrule.science.minimize
jax  chain  -> clipping is an argument, as in optim.Adam(0.001, clip_norm=1.0)
jax  apply_updates  -> update returns the new parameters
""",
)

OPTIMIZER_ARGUMENTS = Subject(
    "Arguments of optimisers and schedules",
    ours="{}=",
    theirs={"": "{}="},
    table="""
torch  history_size  -> memory
jax  memory_size  -> memory
torch  tolerance_grad  -> gtol
sklearn  tol  -> gtol
torch  tolerance_change  -> ftol
torch  line_search_fn  -> the line search is that of the strong Wolfe conditions; leave it out
torch,sklearn  max_iter  -> the number of iterations is net.fit(X, y, epochs=...)
torch  max_eval  -> max_line_steps
sklearn  max_fun  -> max_line_steps
torch  alpha  -> rho
keras,other  decay  -> rho
jax  b1  -> beta_1
other  beta1 momentum  -> beta_1
jax  b2  -> beta_2
other  beta2  -> beta_2
other  beta mu  -> momentum
keras  clipnorm global_clipnorm  -> clip_norm
other  gradient_clip_norm max_grad_norm  -> clip_norm
torch  max_norm  -> clip_norm
keras  clipvalue  -> clip_value
other  gradient_clip_value  -> clip_value
keras  decay_rate  -> factor
keras  decay_rate  -> rate
keras,other  decay  -> rate
torch  gamma  -> factor
keras  decay_steps  -> steps
torch  T_max total_steps step_size  -> steps
other  every period  -> steps
jax  warmup_steps  -> steps
torch  div_factor  -> start_divisor
torch  eps  -> epsilon
keras  initial_learning_rate  -> learning_rate
sklearn  learning_rate_init  -> learning_rate
torch  max_lr  -> learning_rate
other  eta rate step_size  -> learning_rate
torch  eta_min min_lr  -> final
keras  min_lr  -> final
torch  final_div_factor  -> final_divisor
keras  initial_accumulator_value  -> initial_accumulator
other  learning_rate lr  -> then
sklearn  nesterovs_momentum  -> nesterov
torch  pct_start  -> rise
other  wd  -> weight_decay
keras,torch  amsgrad  -> this variant is not available; use optim.Adam without it
torch  betas  -> here they are two arguments, `beta_1` and `beta_2`
keras,other  learning_rate_decay lr_decay  -> give a schedule, as in
       learning_rate=optim.cosine(0.1, epochs=20)
torch  maximize  -> optimisers minimise: negate the loss
torch,keras  params  -> an optimiser is only an update rule: the network passes it the parameters
torch  weight_decay  -> use l2= of the layers, or optim.AdamW
torch  foreach fused capturable differentiable  -> all parameters are updated in one native pass;
       leave it out
keras  use_ema ema_momentum  -> average net.params over epochs in a callback
keras  name  -> an optimiser has no name; leave it out
torch  dampening  -> leave it out
""",
)

OPTIMIZER_ATTRIBUTES = Subject(
    "Attributes of optimisers",
    ours="optimizer.{}",
    theirs={"": "optimizer.{}"},
    table="""
keras,torch  lr  -> learning_rate
keras  apply_gradients minimize  -> update
torch  param_groups  -> all parameters have one learning rate: assign net.optimizer =
       dataclasses.replace(net.optimizer, learning_rate=...)
torch  state_dict  -> net.save writes the network with its optimiser's settings
torch  step  -> here it is a loop by hand: net.gradients(X, y) and net.optimizer.update
torch  zero_grad  -> gradients are new in each step; leave it out
torch  load_state_dict  -> chainrule.load reads a network with its optimiser
torch,keras  state variables  -> it is a tree of arrays: init gives it, update returns the next
keras  iterations  -> the state of init(params) counts them, as state["step"]
keras  get_config  -> config
""",
)

SUBJECTS = {
    "optimizers": OPTIMIZERS,
    "optimizer arguments": OPTIMIZER_ARGUMENTS,
    "optimizer attributes": OPTIMIZER_ATTRIBUTES,
}

"""Networks, their training, callbacks and histories."""

from chainrule.arguments.foreign_names.subject import Subject

__all__ = ["SUBJECTS"]

NETWORK = Subject(
    "Networks",
    ours="net.{}",
    theirs={"": "model.{}", "sklearn": "clf.{}", "other": "net.{}"},
    table="""
keras  append  -> add
torch  add_module append extend  -> add
other  add_layer  -> add
sklearn  classes_  -> classes
other  class_names  -> classes
keras,torch,other  num_parameters n_parameters count_parameters  -> count_params
sklearn  score  -> evaluate
keras,other  test  -> evaluate
keras  fit_generator train_on_batch train_step  -> fit
keras  evaluate_generator  -> evaluate
keras  predict_generator  -> predict
sklearn  partial_fit  -> fit
sklearn  loss_curve_  -> history
keras  input inputs  -> input_shape
sklearn  n_features_in_  -> input_shape
torch  modules children named_modules named_children  -> layers
keras  output outputs  -> output_shape
sklearn  n_outputs_  -> output_shape
keras  weights trainable_weights trainable_variables non_trainable_weights variables get_weights
       -> params
torch  parameters named_parameters state_dict buffers  -> params
sklearn  coefs_ intercepts_ coef_ intercept_  -> params
keras  predict_on_batch call  -> predict
torch  forward  -> predict
sklearn  decision_function transform  -> predict
keras  predict_classes  -> predict_class
sklearn,keras  predict_probabilities predict_log_proba  -> predict_proba
keras  save_weights save_model to_json export  -> save
other  dump  -> save
keras,jax  apply_gradients  -> here it is a loop by hand: net.gradients(X, y) and
       net.optimizer.update
torch  backward step  -> here it is a loop by hand: net.gradients(X, y) and
       net.optimizer.update
other  SGD  -> fit
other  use set_loss  -> give it to net.compile(loss="mse", optimizer="sgd")
keras  build  -> sizes are inferred from the first input: call net(X), net.predict(X) or net.fit
torch  cpu cuda to  -> parameters are NumPy arrays in net.params, on the CPU
torch  double  -> give chainrule.Network(..., dtype="float64")
torch  float half  -> give chainrule.Network(..., dtype="float32")
torch  eval train training  -> there is no mode to set: fit trains, everything else infers
sklearn  fit_transform  -> use net.fit(X, y), then net.predict(X)
sklearn  fit_predict  -> use net.fit(X, y), then net.predict_class(X)
sklearn  get_params set_params  -> net.summary() prints the layers; settings are given to
       chainrule.Network and net.compile
sklearn  best_estimator_ best_params_ n_iter_  -> net.history has the numbers of each epoch
sklearn  feature_importances_  -> chainrule.plot.importance draws them
keras  from_config  -> chainrule.load reads a saved network
keras  get_config  -> net.summary() prints the layers; net.save writes them
keras  get_layer  -> here it is net[name], as in net['dense']
torch  get_submodule  -> here it is net[name], as in net['dense']
keras,torch  learning_rate lr  -> it is net.optimizer.learning_rate
torch  load_state_dict  -> assign the arrays: net.params.update({...})
keras  set_weights  -> assign the arrays: net.params.update({...})
other  load  -> chainrule.load reads a saved network
keras  load_weights  -> chainrule.load reads a saved network; net.params.update takes its params
keras  metrics_names  -> the names are the keys of net.evaluate(X, y)
other  insert remove  -> make another network of the layers, a list: chainrule.Network takes any
keras  pop  -> net[:-1] is a network of the layers before the last one
torch  requires_grad requires_grad_  -> here it is net.trainable, or layer.trainable of each layer
skorch  initialize  -> sizes are inferred from the first input: call net(X), net.predict(X) or
       net.fit
skorch  module_ model_  -> it is the network itself, whose layers are net.layers
skorch  history_  -> history
skorch  save_params  -> save
skorch  load_params  -> chainrule.load reads a saved network; net.params.update takes its params
skorch  forward_iter  -> predict
skorch  callbacks_ notify  -> callbacks are given to each net.fit
skorch  get_loss check_data  -> use net.evaluate(X, y), which checks X and y
keras  reset_states reset_state  -> recurrent layers begin each sequence with zeros
keras  stop_training  -> return True from the callback's on_epoch_end to stop
keras  test_on_batch  -> use net.evaluate(X, y)
keras  get_build_config  -> net.summary() prints the layers
keras  jit_compile run_eagerly  -> training is always compiled
torch  register_forward_hook  -> net[:1] is a network of the first layers: net[:1].predict(X)
torch,other  zero_grad zero_gradients  -> gradients are new in each step; leave it out
other  plot plot_history  -> net.history.plot("loss.png")
other  accuracy  -> it is net.evaluate(X, y)["accuracy"], with metrics=["accuracy"] in net.compile
""",
)

FIT = Subject(
    "Arguments of training, prediction and files",
    ours="{}=",
    theirs={"": "{}="},
    table="""
keras  nb_epoch nb_epochs  -> epochs
sklearn  n_iter max_iter  -> epochs
torch,other  n_epochs num_epochs iterations max_epochs  -> epochs
torch,other  batchsize bs mini_batch_size minibatch_size  -> batch_size
keras  x  -> X
other  inputs X_train x_train features  -> X
keras,other  labels targets y_train y_true  -> y
other  x_val val_data eval_set validation_set  -> validation_data
keras,other  val_split  -> validation_split
other  test_data  -> validation_data
sklearn  validation_fraction  -> validation_split
other  validation_size  -> validation_split
sklearn,other  sample_weights weights  -> sample_weight
sklearn,other  class_weights  -> class_weight
other  callback  -> callbacks
sklearn,other  verbosity verbose_level  -> verbose
other  shuffle_data  -> shuffle
torch,other  optim opt  -> optimizer
sklearn,other  optimiser solver  -> optimizer
other  metric  -> metrics
torch  criterion loss_fn  -> loss
other  loss_function objective  -> loss
sklearn  learning_rate_init eta0  -> learning_rate
jax,other  eta step_size  -> learning_rate
sklearn  random_state  -> seed
keras  custom_objects  -> custom
keras  filepath  -> path
torch  f  -> path
keras  restore_best_weights  -> restore_best
skorch  load_best  -> restore_best
skorch  threshold  -> min_delta
skorch  train_split predefined_split  -> validation_split
skorch  iterator_train__batch_size fit__batch_size  -> batch_size
skorch  iterator_train__shuffle fit__shuffle  -> shuffle
skorch  fit__epochs  -> epochs
skorch  optimizer__lr optimizer__learning_rate  -> learning_rate
keras,skorch  filepath dirname f_params f_pickle fn_prefix  -> folder
keras  save_freq period  -> every
sklearn  n_iter_no_change  -> patience
sklearn  tol  -> min_delta
sklearn  n_components hidden_layer_sizes  -> hidden
other  num_hidden n_hidden hidden_units units  -> hidden
other  cd_k  -> k
other  num_visible n_visible  -> their number is inferred from the data; leave it out
other  cost  -> it is the loss of net.compile
other  print_every  -> give verbose=cr.Progress(every=100)
keras  initial_state  -> it is given to a layer, in the forward of a layer of your own
torch,other  weight_decay weight_cost  -> l2
keras  initial_epoch  -> fit continues counting epochs where the last call ended
keras  validation_freq  -> validation runs after every epoch
keras  validation_batch_size  -> the batch size of validation is chosen by the library
keras  steps  -> evaluation uses all samples; pass fewer of them
keras  workers use_multiprocessing  -> use chainrule.set_num_threads
sklearn  n_jobs  -> use chainrule.set_num_threads
keras  max_queue_size  -> there is no queue: an iterable is read in the thread that trains
keras  generator  -> X
sklearn  early_stopping  -> give callbacks=[cr.EarlyStopping(...)]
sklearn  warm_start  -> net.fit continues from the parameters that there are; leave it out
keras  loss_weights  -> there is one loss; weight its terms in a custom loss function
keras  weighted_metrics  -> metrics weight every sample equally
keras  run_eagerly  -> to step through training, write the loop with chainrule.value_and_grad
keras  jit_compile  -> training is always compiled
keras  return_dict  -> evaluate always returns a dictionary
keras  verbose  -> it prints nothing; leave it out
keras  batch_size  -> the result does not depend on it; leave it out
keras  save_format  -> the format is safetensors
keras  overwrite  -> an existing file is replaced
keras  safe_mode  -> files hold data only, so loading is always safe
torch  map_location weights_only  -> files hold arrays only, on the CPU; leave it out
torch,keras  momentum  -> give optimizer=optim.SGD(learning_rate, momentum=...)
sklearn,other  n_iter  -> pass the number of epochs to fit, as in fit(X, epochs=10)
keras,torch  training  -> fit runs in training mode, everything else in inference mode
keras  baseline  -> stop training from a callback that returns True
skorch  threshold_mode  -> min_delta is a difference; leave it out
skorch  lower_is_better  -> give mode='min' or mode='max'
skorch  sink  -> write a chainrule.Callback that logs what you want; leave it out
keras,skorch  save_best_only  -> give best='val_loss': its best epoch is kept
keras,skorch  save_weights_only f_optimizer f_criterion f_history  -> a checkpoint has all that
       a training goes on from; leave it out
keras,skorch  monitor  -> it is given to a callback, as in EarlyStopping('val_loss') and
       Checkpoint(folder, best='val_loss')
keras  start_from_epoch  -> raise patience instead
keras,sklearn  optimizer loss metrics learning_rate lr  -> it is an argument of net.compile
keras,torch  input_shape  -> sizes are inferred from the first input
keras  name  -> a network has no name; keep it in a variable
torch  device  -> arrays are NumPy's, on the CPU; leave it out
torch  num_workers pin_memory  -> batches are gathered in native code; leave it out
""",
)

CALLBACK_METHODS = Subject(
    "Methods of callbacks",
    ours="Callback.{}",
    theirs={"": "Callback.{}"},
    table="""
keras,skorch  on_epoch_begin  -> on_epoch_start
torch  on_train_epoch_start  -> on_epoch_start
torch  on_train_epoch_end on_validation_end on_validation_epoch_end  -> on_epoch_end
keras  on_test_end  -> on_epoch_end
keras  on_test_begin  -> validation follows the steps of an epoch: use on_epoch_end
keras  on_predict_begin on_predict_end  -> a prediction calls no callbacks: write what you need
       before and after net.predict(X)
keras  set_model set_params  -> each method of a callback is given the network, as its argument net
keras,skorch  on_train_begin  -> on_fit_start
torch  on_train_start  -> on_fit_start
keras,torch,skorch  on_train_end  -> on_fit_end
keras,skorch  on_batch_end on_train_batch_end  -> on_step_end
torch  on_train_batch_end on_before_zero_grad  -> on_step_end
keras,skorch  on_batch_begin on_train_batch_begin  -> it is on_step_end of the step before
torch  on_train_batch_start  -> it is on_step_end of the step before
other  on_step_begin on_step_start  -> it is on_step_end of the step before
keras  on_test_batch_begin on_test_batch_end on_predict_batch_begin on_predict_batch_end
       -> predictions run in native code, without calls of Python; use on_epoch_end
skorch  on_grad_computed  -> a step is one native program: use on_step_end, or write the loop by
       hand with chainrule.value_and_grad
torch  on_save_checkpoint  -> state
torch  on_load_checkpoint  -> restore
torch  on_before_backward on_after_backward on_before_optimizer_step
       -> a step is one native program: use on_step_end, or write the loop by hand with
       chainrule.value_and_grad
""",
)

CALLBACK_ATTRIBUTES = Subject(
    "Attributes of callbacks",
    ours="self.{}",
    theirs={"": "self.{}"},
    table="""
keras  model  -> each method of a callback is given the network, as its argument net
other  learn network  -> each method of a callback is given the network, as its argument net
torch  trainer  -> each method of a callback is given the network, as its argument net
keras  params  -> each method of a callback is given the network, as its argument net; its
       parameters are net.params
torch  state_dict  -> state
torch  load_state_dict  -> restore
keras  validation_data  -> keep the arrays in the callback: self.data = (Xv, yv) in its __init__
""",
)

HISTORY = Subject(
    "The history that fit returns",
    ours="history.{}",
    theirs={"": "history.{}", "sklearn": "clf.fit(X, y).{}", "skorch": "net.history.{}"},
    table="""
sklearn  n_iter_  -> epochs
other  n_epochs  -> epochs
skorch  to_file  -> it is a dictionary of lists, as json.dump takes it
skorch  to_list  -> it is a mapping of names to lists: pandas.DataFrame(dict(history))
skorch  new_epoch new_batch record record_batch  -> append
skorch  from_file  -> net.save keeps the history, and chainrule.load(path).history has it
other  best_epoch best  -> its text shows them; chainrule.EarlyStopping has best and best_epoch
keras  epoch  -> it is range(history.epochs)
keras  params  -> the arguments of fit are not recorded
sklearn  loss_curve_  -> it is history['loss']
keras  model  -> it is a record of numbers, without the network
sklearn  predict predict_proba score transform fit  -> net.fit returns the history: call it, then
       net.predict(X), net.predict_class(X) or net.evaluate(X, y) of the network
keras,torch  evaluate save summary weights parameters  -> net.fit returns the history, which holds
       numbers; the network is still the variable net
pandas  to_frame to_pandas  -> it is pandas.DataFrame(dict(history))
pandas  iloc loc head tail  -> it is a mapping of names to lists: pandas.DataFrame(dict(history))
""",
)

MACHINE = Subject(
    "Restricted Boltzmann machines",
    ours="machine.{}",
    theirs={"": "machine.{}", "sklearn": "BernoulliRBM.{}"},
    table="""
sklearn  components_  -> it is machine.params["weight"], of shape (visible, hidden)
sklearn  intercept_hidden_  -> it is machine.params["hidden_bias"]
sklearn  intercept_visible_  -> it is machine.params["visible_bias"]
sklearn  n_components  -> hidden
sklearn  score_samples  -> pseudo_likelihood
sklearn  partial_fit  -> fit
sklearn  fit_transform  -> call machine.fit(X), then machine.transform(X)
sklearn,keras  predict  -> transform
sklearn  n_iter  -> it is an argument: machine.fit(X, epochs=10)
other  sample_hidden sample_h v_to_h propup run_visible  -> transform
other  sample_visible sample_v h_to_v propdown run_hidden  -> reconstruct
other  train  -> fit
other  daydream generate  -> sample
other  energy  -> free_energy
other  weights W  -> params
torch  parameters state_dict  -> params
""",
)

SUBJECTS = {
    "network": NETWORK,
    "fit": FIT,
    "history": HISTORY,
    "callback methods": CALLBACK_METHODS,
    "callback attributes": CALLBACK_ATTRIBUTES,
    "machine": MACHINE,
}

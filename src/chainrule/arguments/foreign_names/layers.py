"""Classes of layers, their arguments and attributes."""

from chainrule.arguments.foreign_names.subject import Subject

__all__ = ["SUBJECTS"]

LAYERS = Subject(
    "Layers",
    ours="nn.{}",
    theirs={"keras": "keras.layers.{}", "torch": "torch.nn.{}"},
    table="""
torch  Linear LazyLinear  -> Dense
torch,other  NeuralODE NeuralOde ODEBlock Odeint  -> ODE
other  FCLayer FullyConnected FullyConnectedLayer FC Affine DenseLayer LinearLayer  -> Dense
keras  Conv2DTranspose Convolution2DTranspose  -> ConvTranspose2D
torch  ConvTranspose2d  -> ConvTranspose2D
keras  Convolution1D  -> Conv1D
torch  Conv1d  -> Conv1D
keras  Convolution2D  -> Conv2D
torch  Conv2d  -> Conv2D
other  ConvLayer Convolution ConvolutionLayer Conv Convolutional  -> Conv2D
torch  Conv3d  -> Conv3D
keras  SeparableConv2D  -> it is nn.DepthwiseConv2D(3), then nn.Conv2D(8, 1)
keras  MaxPooling1D  -> MaxPool1D
keras  MaxPooling2D  -> MaxPool2D
torch  MaxPool1d  -> MaxPool1D
torch  MaxPool2d  -> MaxPool2D
other  MaxPool MaxPooling MaxPoolLayer  -> MaxPool2D
keras  AveragePooling1D  -> AvgPool1D
keras  AveragePooling2D  -> AvgPool2D
torch  AvgPool1d  -> AvgPool1D
torch  AvgPool2d  -> AvgPool2D
keras  GlobalAveragePooling1D  -> GlobalAvgPool1D
keras  GlobalAveragePooling2D  -> GlobalAvgPool2D
torch  AdaptiveAvgPool1d  -> GlobalAvgPool1D
torch  AdaptiveAvgPool2d  -> GlobalAvgPool2D
torch  AdaptiveMaxPool2d  -> GlobalMaxPool2D
keras  GlobalMaxPooling1D  -> GlobalMaxPool1D
keras  GlobalMaxPooling2D  -> GlobalMaxPool2D
keras  BatchNormalization  -> BatchNorm
torch  BatchNorm1d BatchNorm2d  -> BatchNorm
keras  LayerNormalization  -> LayerNorm
torch  MultiheadAttention  -> MultiHeadAttention
keras  Attention AdditiveAttention  -> MultiHeadAttention
keras  SimpleRNN  -> RNN
keras,torch  LSTMCell  -> LSTM
keras,torch  GRUCell  -> GRU
keras  Rescaling  -> Rescale
keras  RandomTranslation  -> RandomShift
torch  RandomHorizontalFlip  -> RandomFlip
torch  RandomAffine  -> RandomShift
keras  Merge  -> Concatenate
torch  Module  -> Layer
torch  EmbeddingBag  -> Embedding
torch  Dropout1d Dropout2d AlphaDropout  -> Dropout
other  DropoutLayer  -> Dropout
other  FlattenLayer  -> Flatten
torch  Unflatten  -> Reshape
other  ActivationLayer  -> Activation
keras,torch  ModuleList  -> Residual
torch  Upsample UpsamplingNearest2d UpsamplingBilinear2d  -> UpSampling2D
torch  ZeroPad1d  -> ZeroPadding1D
torch  ZeroPad2d  -> ZeroPadding2D
torch  Hardsigmoid  -> HardSigmoid
keras,torch  ReLU6  -> use nn.Lambda(lambda x: np.clip(x, 0, 6))
torch  Hardtanh  -> use nn.Lambda(lambda x: np.clip(x, -1, 1))
torch  LogSigmoid  -> use nn.Lambda(lambda x: -np.logaddexp(0, -x))
keras  Multiply Average Maximum Minimum Subtract Dot  -> write it in a layer of your own, whose
       forward computes with the outputs of others; a sum is nn.Add
keras  SpatialDropout1D  -> here it is nn.Dropout(rate, noise_shape=(None, 1, None))
keras  SpatialDropout2D  -> here it is nn.Dropout(rate, noise_shape=(None, 1, 1, None))
keras  Sequential Model  -> use chainrule.Network, or a list of layers where a layer takes one
torch  Sequential  -> use chainrule.Network, or a list of layers where a layer takes one
other  Network  -> it is chainrule.Network
keras  Input InputLayer  -> sizes are inferred from the first input; leave it out
torch  functional  -> functions of arrays are NumPy's; activations are names, as in
       nn.Activation("relu"), and losses too, as in net.compile(loss="mse")
torch  init  -> initialisers are names, as in nn.Dense(3, initializer="he_normal")
torch  MSELoss  -> losses are names: net.compile(loss="mse")
torch  L1Loss  -> losses are names: net.compile(loss="mae")
torch  SmoothL1Loss HuberLoss  -> losses are names: net.compile(loss="huber")
torch  CrossEntropyLoss NLLLoss  -> losses are names: net.compile(loss="cross_entropy")
torch  BCELoss BCEWithLogitsLoss  -> losses are names: net.compile(loss="binary_cross_entropy")
torch  KLDivLoss  -> losses are names: net.compile(loss="kl_divergence")
torch  PoissonNLLLoss  -> losses are names: net.compile(loss="poisson")
torch  HingeEmbeddingLoss  -> losses are names: net.compile(loss="hinge")
torch  CosineEmbeddingLoss  -> losses are names: net.compile(loss="cosine")
torch  utils  -> clipping is an argument, as in optim.SGD(0.1, clip_norm=1.0)
torch  DataParallel  -> all cores are used; see chainrule.set_num_threads
""",
)

LAYER_ARGUMENTS = Subject(
    "Arguments of layers",
    ours="{}=",
    theirs={"": "{}="},
    table="""
other  activation_fn act  -> activation
torch  nonlinearity  -> activation
keras  kernel_initializer embeddings_initializer kernel_init  -> initializer
other  weight_initializer weights_initializer init  -> initializer
keras  kernel_regularizer regularizer  -> l2
sklearn  alpha  -> l2
torch  weight_decay  -> l2
torch  bias  -> use_bias
torch  out_features hidden_size embedding_dim  -> units
keras  output_dim  -> units
other  n_units num_units features neurons  -> units
other  recurrent_init  -> recurrent_initializer
keras  merge_mode  -> merge
keras  mask  -> mask_value
torch  padding_value  -> mask_value
torch,other  reverse  -> go_backwards
torch  p  -> rate
other  prob dropout_rate  -> rate
keras,torch  target_shape output_shape  -> shape
keras,torch  dims  -> axes
torch,other  std sigma  -> stddev
torch  stride  -> strides
torch  dilation dilations  -> dilation_rate
torch  out_channels  -> filters
other  n_filters num_filters  -> filters
other  kernel filter_size ksize  -> kernel_size
keras  input_dim  -> vocabulary_size
torch  num_embeddings  -> vocabulary_size
other  vocab_size  -> vocabulary_size
keras,torch  num_heads n_heads  -> heads
keras  key_dim  -> key_units
other  head_dim  -> key_units
keras  use_causal_mask  -> causal
torch  is_causal  -> causal
torch  eps  -> epsilon
keras  height_factor width_factor  -> pixels
other  max_shift  -> pixels
other  angle  -> degrees
keras  fill_value  -> fill
other  pad pads  -> padding
torch  kernel_size  -> pool_size
other  pool window_size  -> pool_size
torch  requires_grad  -> trainable
keras  trainable  -> set it afterwards, as in layer.trainable = False
torch  in_features in_channels num_features input_size  -> sizes are inferred from the first input
keras  input_dim input_shape batch_input_shape batch_shape  -> sizes are inferred from the first
       input
torch  padding_idx  -> give mask_zero=True, which makes the index 0 padding
keras,torch  negative_slope alpha  -> slope
torch  init  -> slope
torch  dim  -> axis
torch  scale_factor  -> size
torch  mode  -> interpolation
other  repeats  -> n
other  var  -> variance
sklearn,other  var_ scale_ std  -> its square is `variance`, as in X.var(axis=0)
keras  axis  -> statistics are of the last axis; leave it out
torch  h0 hx  -> it is given in the call: self.gru(x, initial_state=h)
keras  initial_state  -> it is given in the call: self.gru(x, initial_state=h)
keras  return_state  -> with return_sequences=True the last step is the state h
torch  num_parameters  -> there is one slope for each channel; leave it out
torch  approximate  -> it is exact, by the error function; leave it out
keras  max_value threshold  -> use nn.Lambda(lambda x: np.clip(x, 0, 6))
torch  inplace  -> results are always new arrays; leave it out
torch  batch_first  -> the batch always comes first; leave it out
keras  data_format  -> channels always come last, as in (batch, height, width, channels); leave it
       out
torch  padding_mode  -> pad the arrays first, as by np.pad
keras  bias_initializer  -> a bias begins with zeros; assign net.params["dense.bias"] for others
keras  bias_regularizer activity_regularizer  -> a penalty is on weights only, as l2=0.01
keras  kernel_constraint bias_constraint  -> penalise weights instead, by l2=0.01
torch  device  -> arrays are NumPy's, on the CPU; leave it out
torch  num_layers  -> add as many layers: all but the last with return_sequences=True
torch  bidirectional  -> it is nn.Bidirectional(nn.LSTM(3))
""",
)

LAYER_ATTRIBUTES = Subject(
    "Attributes and methods of layers",
    ours="layer.{}",
    theirs={"": "layer.{}"},
    table="""
sklearn  intercept_  -> bias
other  recurrent_bias_  -> bias
keras  get_config to_json  -> config
keras  call  -> forward
jax  apply  -> forward
keras  gamma  -> gain
keras  built  -> input_shape
torch  input_size  -> input_shape
torch  running_mean  -> mean
keras  moving_mean  -> mean
torch  running_var  -> variance
keras  moving_variance  -> variance
keras  add_weight add_variable  -> parameter
torch  register_parameter  -> parameter
other  create_parameter  -> parameter
keras  weights trainable_weights trainable_variables non_trainable_weights variables get_weights
       -> parameters
torch  state_dict named_parameters get_parameters  -> parameters
torch  requires_grad requires_grad_  -> trainable
other  frozen  -> trainable
sklearn  fit  -> adapt
keras  kernel embeddings  -> weight
sklearn  coef_  -> weight
keras  add_loss  -> add it in the loss of net.compile, or give l2=
torch  cpu cuda to  -> parameters are NumPy arrays, on the CPU
torch  eval train training  -> a layer has no mode: write forward(self, x, training=False), which
       is True where fit trains
torch  load_state_dict  -> assign the arrays: net.params[name] = array
keras  set_weights  -> assign the arrays: net.params[name] = array
torch  register_buffer  -> create state in build: self.parameter(name, shape, initializer,
       trainable=False)
torch  register_forward_hook  -> read what it computes in a layer of your own
torch  zero_grad  -> gradients are new in each step; leave it out
torch  grad  -> it is the result of chainrule.grad; a layer does not keep it
keras,other  compute_output_shape output_shape output  -> it follows from the input: layer(x).shape
torch  reset_parameters  -> create another layer
""",
)

SUBJECTS = {
    "layers": LAYERS,
    "layer arguments": LAYER_ARGUMENTS,
    "layer attributes": LAYER_ATTRIBUTES,
}

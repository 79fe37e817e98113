"""Layers, one family a file."""

__all__ = ["CLASSES"]

CLASSES = {
    "activation_classes": (
        "ELU GELU SELU HardSigmoid LeakyReLU LogSoftmax Mish PReLU "
        "ReLU Sigmoid SiLU Softmax Softplus Softsign Tanh"
    ),
    "activation_layers": "Activation Rescale",
    "attention": "MultiHeadAttention",
    "augmentation": "RandomFlip RandomRotation RandomShift RandomZoom",
    "composite": "Add Concatenate Residual",
    "convolution": "Conv1D Conv2D Conv3D",
    "dense": "Dense",
    "depthwise_convolution": "DepthwiseConv2D",
    "dropout": "Dropout GaussianNoise",
    "embedding": "Embedding PositionEmbedding",
    "feature_normalization": "Normalization",
    "function_layers": "Identity Lambda",
    "global_pooling": "GlobalAvgPool1D GlobalAvgPool2D GlobalMaxPool1D GlobalMaxPool2D",
    "lstm_gru": "GRU LSTM",
    "masking": "Masking",
    "normalization": "BatchNorm LayerNorm",
    "ode": "ODE",
    "pooling": "AvgPool1D AvgPool2D MaxPool1D MaxPool2D",
    "reshape": "Flatten Permute RepeatVector Reshape",
    "rnn": "RNN",
    "spatial": "Cropping1D Cropping2D UpSampling2D ZeroPadding1D ZeroPadding2D",
    "transposed_convolution": "ConvTranspose2D",
    "wrappers": "Bidirectional TimeDistributed",
}
"""The layers of each module, which is imported when one of them is first used."""

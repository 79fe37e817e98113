"""Activations, losses, initialisers and metrics, which are given by name."""

from chainrule.arguments.foreign_names.subject import Subject

__all__ = ["SUBJECTS"]

FUNCTIONS = Subject(
    "Activations, losses and initialisers, by name",
    ours='"{}"',
    theirs={"": '"{}"', "torch": "F.{}", "jax": "jax.nn.{}"},
    table="""
keras,jax  swish  -> silu
sklearn  identity  -> linear
torch  identity  -> linear
sklearn  logistic  -> sigmoid
keras,other  leakyrelu  -> leaky_relu
torch  xavier_normal xavier_normal_  -> glorot_normal
torch  xavier_uniform xavier_uniform_  -> glorot_uniform
keras,torch  glorot xavier  -> glorot_uniform
keras,torch  he kaiming  -> he_normal
torch  kaiming_normal kaiming_normal_  -> he_normal
torch  kaiming_uniform kaiming_uniform_  -> he_uniform
keras  random_normal  -> normal
keras  random_uniform  -> uniform
keras,sklearn  mean_squared_error  -> mse
sklearn  squared_error  -> mse
torch  mse_loss mseloss  -> mse
keras  mean_absolute_error  -> mae
sklearn  absolute_error  -> mae
torch  l1 l1_loss l1loss  -> mae
torch  smooth_l1 smooth_l1_loss  -> huber
sklearn,other  pinball  -> quantile
keras  categorical_crossentropy sparse_categorical_crossentropy crossentropy  -> cross_entropy
sklearn  log_loss  -> cross_entropy
torch  nll nll_loss crossentropyloss  -> cross_entropy
jax  softmax_cross_entropy softmax_cross_entropy_with_integer_labels  -> cross_entropy
other  ce xent softmax_crossentropy  -> cross_entropy
keras  binary_crossentropy  -> binary_cross_entropy
torch  bce bceloss binary_cross_entropy_with_logits bcewithlogitsloss  -> binary_cross_entropy
keras  kld  -> kl_divergence
torch  kl_div  -> kl_divergence
keras  cosine_similarity  -> cosine
keras  squared_hinge categorical_hinge  -> hinge
keras  mape mean_absolute_percentage_error  -> write a function of (y_true, y_pred) in NumPy
keras  msle mean_squared_logarithmic_error  -> take np.log of the targets, with the loss "mse"
other  rmse  -> the loss "mse" has the same minimum
other  mse_prime sigmoid_prime tanh_prime relu_prime sigmoid_derivative
       -> derivatives are derived: leave it out, or see chainrule.grad
""",
)

METRICS = Subject(
    "Metrics, by name",
    ours='"{}"',
    theirs={"": '"{}"', "sklearn": "sklearn.metrics.{}"},
    table="""
keras  acc binary_accuracy categorical_accuracy sparse_categorical_accuracy  -> accuracy
sklearn  accuracy_score balanced_accuracy  -> accuracy
sklearn  f1_score  -> f1
sklearn  precision_score  -> precision
sklearn  recall_score  -> recall
keras,sklearn  mean_absolute_error  -> mae
keras,sklearn  mean_squared_error  -> mse
torch,other  l1  -> mae
sklearn  r2_score  -> r2
sklearn  roc_auc roc_auc_score  -> auc
keras  top_k_accuracy top_k_categorical_accuracy  -> top_k
keras,sklearn  root_mean_squared_error  -> it is the root of "mse": np.sqrt(x)
other  rmse  -> it is the root of "mse": np.sqrt(x)
sklearn  confusion_matrix  -> chainrule.metrics.confusion_matrix counts, and
       chainrule.plot.confusion draws it
sklearn  classification_report  -> it is chainrule.metrics.classification_report
other  loss  -> it is always recorded; leave it out
""",
)

SCORE_ARGUMENTS = Subject(
    "Arguments of metrics and losses as functions",
    ours="{}=",
    theirs={"": "{}="},
    table="""
sklearn  y_score y_prob y_proba probas_pred  -> y_pred
torch  preds input  -> y_pred
torch  target targets  -> y_true
sklearn  pos_label  -> positive
sklearn  target_names  -> names
keras,other  classes class_names  -> labels
other  cutoff  -> threshold
keras  logits  -> from_logits
sklearn  zero_division  -> 0 / 0 counts as 0; leave it out
sklearn  sample_weight  -> metrics do not weight samples; give net.evaluate the weights
sklearn  output_dict  -> the report is a mapping, report["macro avg"]["f1"]; leave it out
sklearn  digits  -> the report is a mapping of numbers: print them with as many digits as you like
sklearn  normalize  -> divide what is returned
sklearn  multi_class multioutput squared  -> leave it out
""",
)

SUBJECTS = {"functions": FUNCTIONS, "metrics": METRICS, "score arguments": SCORE_ARGUMENTS}

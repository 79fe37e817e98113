"""Figures: their names, and their arguments."""

from chainrule.arguments.foreign_names.subject import Subject

__all__ = ["SUBJECTS"]

PLOT_ARGUMENTS = Subject(
    "Arguments of plots",
    ours="{}=",
    theirs={"": "{}="},
    table="""
numpy  fname filename  -> path
keras  to_file  -> path
other  file save_path  -> path
sklearn,pandas  ax  -> axes
keras  model  -> net
sklearn  classifier estimator clf  -> net
other  shape size  -> image_shape
sklearn  target_names class_names display_labels labels  -> names
sklearn  feature_names  -> features
sklearn  n_repeats  -> repeats
sklearn  random_state  -> seed
sklearn  scoring  -> metric
sklearn  pos_label  -> positive
sklearn  max_samples  -> samples
sklearn  y_pred  -> predicted, or the classifier and its samples
sklearn  y_true  -> y
other  n k num max_images  -> count
sklearn  response_method grid_resolution alpha  -> leave it out
other  layer parameter  -> name
other  history hist log  -> course
pandas  figsize  -> give axes, as from matplotlib's plt.subplots(figsize=...)
pandas  title  -> set it on the figure that is returned
other  show  -> in a notebook the figure that is returned is shown; else call plt.show()
sklearn  cmap  -> colours are those of the library; draw with matplotlib to choose others
""",
)

PLOT = Subject(
    "Plots",
    ours="cr.plot.{}",
    theirs={"sklearn": "sklearn.{}", "keras": "keras.{}", "": "plt.{}"},
    table="""
sklearn  ConfusionMatrixDisplay plot_confusion_matrix  -> confusion
sklearn  DecisionBoundaryDisplay plot_decision_regions  -> decision_boundary
other  plot_decision_boundary decision_regions  -> decision_boundary
keras  plot_model  -> network
other  draw draw_networkx draw_network nn_diagram  -> network
other  plot_history loss learning_curve  -> history
other  filters kernels plot_weights  -> weights
other  show_images image_grid plot_images gallery  -> images
numpy  scatter  -> points
numpy  contour contourf quiver  -> descent
numpy  hist  -> activations
other  histograms_over_time ridge ridgeline  -> layer_histograms
sklearn  PrecisionRecallDisplay precision_recall_curve  -> precision_recall
sklearn  CalibrationDisplay calibration_curve  -> calibration
other  plot_feature_maps visualize_activations  -> feature_maps
other  loss_landscape plot_loss_surface  -> loss_surface
other  activation_histogram plot_activations  -> activations
other  gradient_flow plot_grad_flow gradient_histogram plot_gradients  -> gradients
sklearn  RocCurveDisplay roc_curve plot_roc_curve  -> roc
sklearn  permutation_importance  -> importance
other  feature_importance feature_importances  -> importance
other  errors misclassified show_mistakes  -> mistakes
sklearn  ValidationCurveDisplay validation_curve  -> overfitting
other  lr_schedule schedule learning_rates plot_schedule  -> schedules
other  optimizer compare_optimizers  -> optimizers
other  activation plot_activation  -> activation_functions
other  broadcast broadcast_shapes  -> broadcasting
other  reduce sum_axis axis  -> reduction
sklearn  PredictionErrorDisplay  -> predictions
other  residuals plot_predictions regression_plot  -> predictions
numpy  plot imshow figure show subplots  -> figures of your own are matplotlib's:
       import matplotlib.pyplot as plt
""",
)

SUBJECTS = {"plot": PLOT, "plot arguments": PLOT_ARGUMENTS}

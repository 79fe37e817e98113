"""Many fits: settings, seeds and folds, trained side by side; `sweep` is the public function."""

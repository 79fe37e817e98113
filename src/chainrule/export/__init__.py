"""Networks as files of other programs: stand-alone predictors."""

"""The plots, one a file: `chainrule.plot` exports them."""

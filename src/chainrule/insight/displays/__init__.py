"""What notebooks show: networks as trees, histories as curves, tables by column.

All of it is HTML without scripts, in the colours of the notebook, whether light or dark: text takes
the colour around it, and marks have colours that stand out from both. Its styles apply to nothing
else on the page, and whatever a user has named is escaped.
"""

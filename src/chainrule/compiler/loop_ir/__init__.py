"""The loop language: grammar, affine indices, rewriting, access sets, layout, printer."""

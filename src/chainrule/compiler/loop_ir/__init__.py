"""The loop language: grammar, affine indices, access sets, layout, printer."""

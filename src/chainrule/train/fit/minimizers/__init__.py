"""Full-batch methods: an epoch of ``fit`` is one iteration over all samples."""

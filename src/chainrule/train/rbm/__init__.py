"""The Boltzmann machine: what it computes, what it learns by, and the model that users have."""

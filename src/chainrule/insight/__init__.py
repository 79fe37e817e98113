"""What a network does and how well: pictures, derivations."""

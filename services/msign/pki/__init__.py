"""Who vouches for our signers? A test public-key infrastructure: made once into a directory, then served from it."""

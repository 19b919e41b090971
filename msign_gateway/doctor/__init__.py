"""Is everything there that the gateway needs, and what is to be done about what is not? One module for each area."""

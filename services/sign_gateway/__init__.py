"""Sign commands in, SignRequests to MSign; polling and deadlines; the internal HTTP API."""

"""The HTTP API: the read model over HTTP, and documents into the raw topic."""

"""A client of the public API, as anyone could write it: it knows nothing of the server's inside."""

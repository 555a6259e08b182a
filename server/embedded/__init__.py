"""A real PostgreSQL and a real S3 endpoint as child processes, for one machine and for tests."""

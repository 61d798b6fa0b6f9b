"""The real servers behind the sandbox's rotations: PostgreSQL and Redis, on loopback, with TLS."""

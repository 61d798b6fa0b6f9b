"""Secrets Manager as documented: pure rules over dataclasses, a wire, and durable storage."""

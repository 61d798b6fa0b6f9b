"""Reads and writes the values of secrets: one contract, one module a store."""

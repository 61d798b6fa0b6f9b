"""Measurements: each prints a ratio and its aim."""

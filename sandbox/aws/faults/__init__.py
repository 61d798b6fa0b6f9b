"""Faults on demand: calls that are throttled, delayed, refused or cut off because a test or a person wants it so."""

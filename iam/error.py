"""The one error of this package."""

from __future__ import annotations


class PolicyError(ValueError):
    """A policy document, principal or grant that AWS would refuse; says what, where, and what to do."""

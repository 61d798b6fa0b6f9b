"""How bad a leak is."""

from __future__ import annotations

from pydantic import Field

from catalog.base import Model


class Tier(Model):
    """How bad a leak is, and so how often the secret changes."""

    number: int = Field(ge=1, le=3, description="1 is critical, 2 important, 3 standard")
    title: str
    max_rotation_days: int = Field(ge=1, le=1000, description="longest gap between two rotations, in days")
    impact: str = Field(description="what a compromise means")

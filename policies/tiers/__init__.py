"""Rules that only this programme has: tiers, catalogue, rotation and keys."""

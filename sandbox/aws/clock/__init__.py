"""The local AWS's clock, which can be advanced, and what comes due on it."""

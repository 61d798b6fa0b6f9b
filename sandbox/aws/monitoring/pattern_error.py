"""The error of filter patterns."""


class PatternError(ValueError):
    """The text is no filter pattern; says where it stops making sense."""

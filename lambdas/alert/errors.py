"""The one error family of this layer. Its texts end up in logs, and never hold what an event says."""


class AlertError(RuntimeError):
    """A message could not be sent; the text says why and what to do."""

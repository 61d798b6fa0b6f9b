"""The one error of this layer."""


class ServerError(RuntimeError):
    """A server cannot be found, installed, started or stopped; the text says what to do."""

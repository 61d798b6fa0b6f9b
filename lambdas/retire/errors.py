"""The one error of this layer. Its texts end up in logs and name secrets, never their values: none is read here."""


class RetireError(RuntimeError):
    """A retirement could not be asked for or told; the text says what, and what to do."""

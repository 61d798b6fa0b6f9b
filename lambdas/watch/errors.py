"""The one error of this layer. Its texts end up in logs and name secrets, never their values: the watch reads none."""


class WatchError(RuntimeError):
    """The watch cannot see something; the text says what, and what to do."""
